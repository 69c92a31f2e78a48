// Shows the tables of crates/provider/tests/protocol/cases, of requests and of the tokens that clients sign, to
// npm oidc-provider, and prints where it answers otherwise: not a test, but a second opinion on what the tests expect. `docs/protocol.md` says of each
// difference who is right. Once, beside this file: npm install --no-save oidc-provider@9.13.3
import crypto from 'node:crypto'
import { readFileSync } from 'node:fs'
import * as jose from 'jose'
import Provider from 'oidc-provider'

const PORT = 39992
const ISSUER = `http://localhost:${PORT}`
const CALLBACK = 'https://bank.example/callback'
const VERIFIER = 'a-verifier-that-is-long-enough-for-rfc-7636-4'
const ASSERTION = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
const SCOPES = ['name', 'address', 'birthdate', 'gender']

const key = await jose.generateKeyPair('ES256', { extractable: true })
const own = await jose.generateKeyPair('ES256', { extractable: true })
const client = (client_id, more) => ({
  client_id,
  redirect_uris: [CALLBACK, 'https://bank.example/other'],
  grant_types: ['authorization_code', 'refresh_token'],
  response_types: ['code'],
  token_endpoint_auth_method: 'private_key_jwt',
  id_token_signed_response_alg: 'ES256',
  scope: ['openid', ...SCOPES].join(' '),
  jwks: { keys: [publicKey] },
  ...more,
})
const publicKey = { ...await jose.exportJWK(key.publicKey), alg: 'ES256', use: 'sig', kid: 'site' }
const provider = new Provider(ISSUER, {
  clients: [
    client('shape'),
    client('fapi', { require_pushed_authorization_requests: true, profile: '2.0' }),
    client('signing', {
      require_pushed_authorization_requests: true,
      profile: '2.0',
      require_signed_request_object: true,
      request_object_signing_alg: 'ES256',
    }),
  ],
  extraClientMetadata: { properties: ['profile'] },
  jwks: { keys: [{ ...await jose.exportJWK(own.privateKey), alg: 'ES256', use: 'sig', kid: 'own' }] },
  acrValues: ['aal3'],
  clockTolerance: 10,
  pkce: { required: () => true },
  allowOmittingSingleRegisteredRedirectUri: false,
  cookies: { keys: ['calibration'] },
  scopes: ['openid', ...SCOPES, 'sign'],
  claims: { openid: ['sub'], ...Object.fromEntries(SCOPES.map((scope) => [scope, [scope]])) },
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  issueRefreshToken: () => true,
  features: {
    claimsParameter: { enabled: true },
    dPoP: { enabled: true, nonceSecret: crypto.randomBytes(32), requireNonce: () => true },
    requestObjects: { enabled: true },
    devInteractions: { enabled: true },
    fapi: { enabled: true, profile: (_, of) => of?.profile },
  },
  enabledJWA: { clientAuthSigningAlgValues: ['ES256', 'PS256'], idTokenSigningAlgValues: ['ES256'] },
})
console.warn = console.info = () => {}
const server = provider.listen(PORT)

// As `Form::changed` of the tests.
const changed = (pairs, how) => how.split('&').filter(Boolean).reduce((all, change) => {
  const [[name, value]] = [...new URLSearchParams(change)]
  if (!change.includes('=')) return all.filter(([known]) => known !== name)
  if (name.startsWith(' ')) return [...all, [name.slice(1), value]]
  return [...all.filter(([known]) => known !== name), [name, value]]
}, pairs)

const request = (client_id) => Object.entries({
  client_id,
  response_type: 'code',
  redirect_uri: CALLBACK,
  scope: 'openid name birthdate',
  state: 'a state',
  nonce: 'a nonce',
  code_challenge: crypto.createHash('sha256').update(VERIFIER).digest('base64url'),
  code_challenge_method: 'S256',
})

const now = () => Math.floor(Date.now() / 1000)

// As `claims_of` of the tests.
const PLACES = {
  'the issuer': ISSUER,
  'the token endpoint': `${ISSUER}/token`,
  'the endpoint for pushed requests': `${ISSUER}/request`,
}
const resolved = (value) => {
  if (Array.isArray(value)) return value.map(resolved)
  if (typeof value === 'object') {
    return value && Object.fromEntries(Object.entries(value).map(([name, one]) => [name, resolved(one)]))
  }
  if (typeof value !== 'string') return value
  const span = value.match(/^now([+-][\d.]+)?$/)
  if (span) return now() + Number(span[1] ?? 0)
  return Object.entries(PLACES).reduce((text, [name, place]) => text.replace(name, place), value)
}

// These claims with others; `null` takes one away. jose's own setters would refuse some of them.
const signed = (header, claims, other, by) => {
  const all = { ...claims, ...resolved(other) }
  const kept = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== null))
  return new jose.CompactSign(new TextEncoder().encode(JSON.stringify(kept)))
    .setProtectedHeader({ alg: 'ES256', ...header }).sign(by)
}

const assertion = (id, other = {}) => signed(
  { kid: 'site' },
  { iss: id, sub: id, aud: ISSUER, jti: crypto.randomUUID(), iat: now(), exp: now() + 60 },
  other,
  key.privateKey,
)

const proven = async (id, pairs, other) =>
  [...pairs, ['client_assertion_type', ASSERTION], ['client_assertion', await assertion(id, other)]]

const requestObject = (id, other) => signed(
  { kid: 'site', typ: 'oauth-authz-req+jwt' },
  { ...Object.fromEntries(request(id)), iss: id, aud: ISSUER, nbf: now(), exp: now() + 300 },
  other,
  key.privateKey,
)

// The key of proofs, and the nonce that they must have, once the provider has told one.
const bound = await jose.generateKeyPair('ES256', { extractable: true })
let nonce
const proof = async (other) => signed(
  { typ: 'dpop+jwt', jwk: await jose.exportJWK(bound.publicKey) },
  { jti: crypto.randomUUID(), htm: 'POST', htu: `${ISSUER}/token`, iat: now(), nonce },
  other,
  bound.privateKey,
)

// A browser with its cookies.
const browser = () => {
  const cookies = new Map()
  return async (url, form) => {
    const response = await fetch(new URL(url, ISSUER), {
      redirect: 'manual',
      method: form ? 'POST' : 'GET',
      body: form && new URLSearchParams(form),
      headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
    })
    for (const line of response.headers.getSetCookie()) {
      const [name, value] = line.split(';')[0].split(/=(.*)/)
      value ? cookies.set(name, value) : cookies.delete(name)
    }
    return response
  }
}

const fate = (response) => {
  const to = response.headers.get('location')
  if (!to) return 'page'
  if (!to.startsWith(CALLBACK)) return 'asked'
  const url = new URL(to.replace('#', '?'))
  return `back ${url.searchParams.get('error')}`
}

const refusal = async (response) => {
  const json = await response.json().catch(() => ({}))
  return `${response.status} ${json.error ?? '-'}`
}

const code = async () => {
  const visit = browser()
  let to = (await visit('/auth?' + new URLSearchParams(request('shape')))).headers.get('location')
  while (!to.startsWith(CALLBACK)) {
    if (!to.includes('/interaction/')) {
      to = (await visit(to)).headers.get('location')
      continue
    }
    const page = await (await visit(to)).text()
    const prompt = page.match(/name="prompt" value="(\w+)"/)[1]
    to = (await visit(to, { prompt, login: 'hana', password: 'x' })).headers.get('location')
  }
  return new URL(to).searchParams.get('code')
}

const post = (path, pairs, headers = {}) =>
  fetch(ISSUER + path, { method: 'POST', body: new URLSearchParams(pairs), headers })

const exchange = async () => Object.entries({
  grant_type: 'authorization_code', code: await code(), redirect_uri: CALLBACK, code_verifier: VERIFIER,
})

// Whether a pushed request is taken; if not, it must be for the one reason.
const isTaken = async (response, reason) => {
  if (response.status === 201) return 'taken'
  const told = await refusal(response)
  return told === reason ? 'refused' : told
}

const answers = {
  authorization: async (change) =>
    fate(await browser()('/auth?' + new URLSearchParams(changed(request('shape'), change)))),
  token: async (change) => {
    return refusal(await post('/token', changed(await proven('shape', await exchange()), change)))
  },
  pushed: async (change) =>
    refusal(await post('/request', changed(await proven('fapi', request('fapi')), change))),
}

// The claims of tokens that clients sign: here the change is an object.
const INVALID_CLIENT = '401 invalid_client'
const passes = (id) => async (change) =>
  isTaken(await post('/request', await proven(id, request(id), change)), INVALID_CLIENT)
const tokens = {
  'assertion': [['shape', passes('shape')], ['FAPI 2.0', passes('fapi')]],
  'request_object': [['FAPI 2.0', async (change) => {
    const pairs = [['client_id', 'signing'], ['request', await requestObject('signing', change)]]
    return isTaken(await post('/request', await proven('signing', pairs)), '400 invalid_request_object')
  }]],
  'proof': [['any', async (change) => {
    const pairs = await proven('shape', await exchange())
    const answer = await post('/token', pairs, { dpop: await proof(change) })
    nonce = answer.headers.get('dpop-nonce') ?? nonce
    return answer.status === 200 ? 'taken' : (await answer.json()).error
  }]],
}

const folder = new URL('../../crates/provider/tests/protocol/cases/', import.meta.url)
let [same, other] = [0, 0]
for (const [table, answer] of Object.entries(answers)) {
  for (const [requirement, change, ours] of JSON.parse(readFileSync(new URL(`${table}.json`, folder)))) {
    // Our own code, and the status of a page, say nothing here.
    const word = ours.startsWith('page') ? 'page' : ours.split(' ').slice(0, 2).join(' ')
    const theirs = await answer(change).catch((error) => `failed: ${error.message}`)
    if (word === theirs) same += 1
    else {
      other += 1
      console.log(`| ${table} | ${requirement} | \`${change.replaceAll('|', '\\|')}\` | ${word} | ${theirs} |`)
    }
  }
}
nonce = (await post('/token', await proven('shape', await exchange()),
  { dpop: await proof({ nonce: 'another' }) })).headers.get('dpop-nonce')
for (const [table, columns] of Object.entries(tokens)) {
  for (const [requirement, change, ...ours] of JSON.parse(readFileSync(new URL(`${table}.json`, folder)))) {
    for (const [place, [profile, answer]] of columns.entries()) {
      const theirs = await answer(change).catch((error) => `failed: ${error.message}`)
      if (ours[place] === theirs) same += 1
      else {
        other += 1
        const claims = JSON.stringify(change)
        console.log(`| ${table}, ${profile} | ${requirement} | \`${claims}\` | ${ours[place]} | ${theirs} |`)
      }
    }
  }
}
console.log(`\n${same} alike, ${other} otherwise`)
server.close()
process.exit(0)
