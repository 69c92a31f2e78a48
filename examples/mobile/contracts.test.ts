import assert from 'node:assert/strict'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { age, Contracts, type Person, refusal } from './contracts.ts'

const at = new Date('2026-11-24T01:00:00Z')
const person = (sub: string, birthdate: string): Person => ({ sub, name: '見本', address: '東京都', birthdate })

test('an age grows on the day of birth, as it is in Japan', () => {
  assert.equal(age('20081124', at), 18)
  assert.equal(age('20081125', at), 17)
  assert.equal(age('20081125', new Date('2026-11-24T15:00:00Z')), 18)
  assert.equal(age('20081125', new Date('2026-11-24T14:59:59Z')), 17)
})

test('a parent is of age, and somebody else', () => {
  const child = person('a', '20160101')
  assert.equal(refusal(child, person('a', '20160101'), at), 'parent-is-holder')
  assert.equal(refusal(child, person('b', '20081125'), at), 'parent-under-age')
  assert.equal(refusal(child, person('b', '20081124'), at), undefined)
})

test('what was agreed on is there again', () => {
  const path = join(mkdtempSync(join(tmpdir(), 'contracts-')), 'below', 'contracts.json')
  const made = new Contracts(path).enter('small', person('a', '19880612'), at)
  assert.equal(made.age, 38)
  assert.deepEqual(new Contracts(path).all.map(({ number }) => number), [made.number])
})
