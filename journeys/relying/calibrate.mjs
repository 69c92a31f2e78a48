// Shows the tables of crates/provider/tests/protocol/cases to npm oidc-provider, and prints where it answers
// otherwise: not a test, but a second opinion on what the tests expect. `docs/protocol.md` says of each
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
    dPoP: { enabled: true, nonceSecret: crypto.randomBytes(32) },
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

const assertion = (id) => new jose.SignJWT({ jti: crypto.randomUUID() })
  .setProtectedHeader({ alg: 'ES256', kid: 'site' })
  .setIssuer(id).setSubject(id).setAudience(ISSUER).setIssuedAt().setExpirationTime('1m').sign(key.privateKey)

const proven = async (id, pairs) =>
  [...pairs, ['client_assertion_type', ASSERTION], ['client_assertion', await assertion(id)]]

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

const post = (path, pairs) => fetch(ISSUER + path, { method: 'POST', body: new URLSearchParams(pairs) })

const answers = {
  authorization: async (change) =>
    fate(await browser()('/auth?' + new URLSearchParams(changed(request('shape'), change)))),
  token: async (change) => {
    const exchange = Object.entries({
      grant_type: 'authorization_code', code: await code(), redirect_uri: CALLBACK, code_verifier: VERIFIER,
    })
    return refusal(await post('/token', changed(await proven('shape', exchange), change)))
  },
  pushed: async (change) =>
    refusal(await post('/request', changed(await proven('fapi', request('fapi')), change))),
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
console.log(`\n${same} alike, ${other} otherwise`)
server.close()
process.exit(0)
