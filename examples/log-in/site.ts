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
const registration = await fetch(`${sandbox}/provider/v1/clients`, {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({
    client_name: '見本の店', redirect_uris: [`${site}/callback`], scope, sector: 'localhost',
    jwks: { keys: [{ ...await exportJWK(publicKey), kid: 'site', alg: 'ES256', use: 'sig' }] },
  }),
})
if (!registration.ok) throw new Error(await registration.text())
const { client_id } = await registration.json() as { client_id: string }
const provider = await client.discovery(
  new URL(`${sandbox}/api/realms/main`), client_id, { id_token_signed_response_alg: 'ES256' },
  client.PrivateKeyJwt({ key: privateKey, kid: 'site' }), { execute: [client.allowInsecureRequests] },
)

// What each visitor's log-in was begun with. A real site keeps it in the visitor's session.
const begun = new Map<string, { verifier: string, nonce: string }>()

async function answer(url: URL): Promise<{ location: string } | { text: string }> {
  if (url.pathname === '/callback') {
    const state = url.searchParams.get('state') ?? ''
    const { verifier, nonce } = begun.get(state) ?? { verifier: '', nonce: '' }
    begun.delete(state)
    const tokens = await client.authorizationCodeGrant(provider, url, {
      pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce,
    })
    const person = await client.fetchUserInfo(provider, tokens.access_token, tokens.claims()!.sub)
    return { text: `Welcome, ${person.name} of ${person.address}\nThis site calls you ${person.sub}\n` }
  }
  const [verifier, state, nonce] = [client.randomPKCECodeVerifier(), client.randomState(), client.randomNonce()]
  begun.set(state, { verifier, nonce })
  const persona = url.searchParams.get('persona')
  const location = client.buildAuthorizationUrl(provider, {
    redirect_uri: `${site}/callback`, scope, state, nonce, code_challenge_method: 'S256',
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    ...(persona && { login_hint: `persona:${persona}` }),
  })
  return { location: location.href }
}

createServer((request, response) => {
  if (!URL.canParse(request.url ?? '/', site)) return response.writeHead(400).end()
  const failed = (error: any) => ({ text: `Not logged in: ${error.error_description ?? error.message}\n` })
  answer(new URL(request.url ?? '/', site)).catch(failed).then((told) => 'location' in told
    ? response.writeHead(303, { location: told.location }).end()
    : response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' }).end(told.text))
}).listen(port, () => console.log(`The site is at ${site}`))
