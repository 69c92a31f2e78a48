// The business: who may have a contract, and what was agreed on.
import { randomInt } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

/** Of this age one decides alone (民法 4条). */
const OF_AGE = 18

/** Who was identified: as the provider tells it. */
export type Person = { sub: string, name: string, address: string, birthdate: string }

/** A contract. `parent` consented to it, if whom it is for is under age. */
export type Contract = { number: string, plan: Plan, holder: Person, age: number, parent?: Person, at: string }

export const PLANS = ['small', 'large'] as const
export type Plan = typeof PLANS[number]

/** Why there is no contract. */
export type Refusal = 'parent-under-age' | 'parent-is-holder'

/** Age in whole years at a moment, in Japan. A day of birth is `YYYYMMDD`, as the card has it. */
export function age(birthdate: string, at: Date): number {
  const today = new Date(at.getTime() + 9 * 3600_000)
  const day = today.getUTCFullYear() * 10000 + (today.getUTCMonth() + 1) * 100 + today.getUTCDate()
  return Math.floor((day - Number(birthdate)) / 10000)
}

export const isOfAge = (person: Person, at: Date) => age(person.birthdate, at) >= OF_AGE

/** Whether a parent may consent. */
export function refusal(holder: Person, parent: Person, at: Date): Refusal | undefined {
  if (parent.sub === holder.sub) return 'parent-is-holder'
  return isOfAge(parent, at) ? undefined : 'parent-under-age'
}

/** The contracts, in a file. */
export class Contracts {
  readonly all: Contract[]
  #path: string

  constructor(path: string) {
    this.#path = path
    this.all = read(path)
  }

  /** Enters a contract, durably before it is told. */
  enter(plan: Plan, holder: Person, at: Date, parent?: Person): Contract {
    const number = `M${String(randomInt(10 ** 8)).padStart(8, '0')}`
    const contract = { number, plan, holder, age: age(holder.birthdate, at), parent, at: at.toISOString() }
    mkdirSync(dirname(this.#path), { recursive: true })
    writeFileSync(`${this.#path}.next`, JSON.stringify([...this.all, contract]), { flush: true, mode: 0o600 })
    renameSync(`${this.#path}.next`, this.#path)
    this.all.push(contract)
    return contract
  }
}

function read(path: string): Contract[] {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Contract[]
  } catch (error: any) {
    if (error.code === 'ENOENT') return []
    throw error
  }
}
