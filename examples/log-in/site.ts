// A site whose visitors log in: npx tsx site.ts [SANDBOX] [PORT]
import { createServer } from 'node:http'
import { exportJWK, generateKeyPair } from 'jose'
import * as client from 'openid-client'

const sandbox = process.argv[2] ?? 'http://localhost:8765'
const port = Number(process.argv[3] ?? 3000)
const site = `http://localhost:${port}`
const scope = 'openid name address'

// The site's key, and its registration: a real site makes both once, and keeps them.
const { publicKey, privateKey } = await generateKeyPair('ES256')
const jwk = { ...await exportJWK(publicKey), kid: 'site', alg: 'ES256', use: 'sig' }
const registration = await fetch(`${sandbox}/provider/v1/clients`, {
  method: 'POST', headers: { 'content-type': 'application/json' },
  body: JSON.stringify({
    client_name: '見本の店', redirect_uris: [`${site}/callback`], scope, sector: 'localhost', jwks: { keys: [jwk] },
  }),
})
if (!registration.ok) throw new Error(await registration.text())
const { client_id } = await registration.json() as { client_id: string }
// A sandbox tells its own time, which may have been turned.
const skew = Math.round((Date.parse(registration.headers.get('date') ?? '') - Date.now()) / 1000)
const metadata = { id_token_signed_response_alg: 'ES256', [client.clockSkew]: skew }
const provider = await client.discovery(new URL(`${sandbox}/api/realms/main`), client_id, metadata,
  client.PrivateKeyJwt({ key: privateKey, kid: 'site' }), { execute: [client.allowInsecureRequests] })

// What each browser's log-in was begun with, by the cookie that the browser has of it.
const begun = new Map<string, { verifier: string, state: string, nonce: string }>()

async function answer(url: URL, cookie = ''): Promise<{ location: string, cookie: string } | { text: string }> {
  if (url.pathname === '/callback') {
    const kept = begun.get(cookie)
    if (!kept) throw new Error('this browser has not begun a log-in')
    begun.delete(cookie)
    const tokens = await client.authorizationCodeGrant(provider, url, {
      pkceCodeVerifier: kept.verifier, expectedState: kept.state, expectedNonce: kept.nonce,
    })
    const person = await client.fetchUserInfo(provider, tokens.access_token, tokens.claims()!.sub)
    return { text: `Welcome, ${person.name} of ${person.address}\nThis site calls you ${person.sub}\n` }
  }
  const [verifier, state, nonce] = [client.randomPKCECodeVerifier(), client.randomState(), client.randomNonce()]
  begun.set(cookie = client.randomState(), { verifier, state, nonce })
  const persona = url.searchParams.get('persona')
  const location = client.buildAuthorizationUrl(provider, {
    redirect_uri: `${site}/callback`, scope, state, nonce, code_challenge_method: 'S256',
    code_challenge: await client.calculatePKCECodeChallenge(verifier), ...(persona && { login_hint: `persona:${persona}` }),
  })
  return { location: location.href, cookie }
}

createServer((request, response) => {
  if (!URL.canParse(request.url ?? '/', site)) return response.writeHead(400).end()
  const url = new URL(request.url ?? '/', site)
  const failed = (error: Error) => ({ text: `Not logged in: ${url.searchParams.get('inrou_code') ?? error.message}\n` })
  const cookie = /(?:^|; )begun=([\w-]+)/.exec(request.headers.cookie ?? '')?.[1]
  answer(url, cookie).catch(failed).then((told) => 'location' in told
    ? response.writeHead(303, { location: told.location, 'set-cookie': `begun=${told.cookie}; HttpOnly; SameSite=Lax` }).end()
    : response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' }).end(told.text))
}).listen(port, '127.0.0.1', () => console.log(`The site is at ${site}`))
