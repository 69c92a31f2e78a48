// What the console shows to be copied, run: told by one JSON line each on standard input, it answers likewise.
//
//   argument: openid-client or oauth4webapi   -> {"jwks": its public keys}
//   {"snippet": what the console shows}       -> {"url"}
//   {"callback"}                              -> {"id_token": claims}
import * as client from 'openid-client'
import * as oauth from 'oauth4webapi'
import { hear, ownKeys, say } from './lines.mjs'

const { signing } = await ownKeys()
const { snippet } = await hear()
// Strings of code become functions by their constructor alone.
const AsyncFunction = (async () => {}).constructor
const run = (gives) => new AsyncFunction('client', 'oauth', 'privateKey', `${snippet}\nreturn { ${gives} }`)(
  client, oauth, signing.key)
const challenged = async (verifier) => ({
  state: 'a state of 22 letters',
  nonce: 'a nonce of 22 letters',
  code_challenge: await client.calculatePKCECodeChallenge(verifier),
  code_challenge_method: 'S256',
})
const verifier = client.randomPKCECodeVerifier()
const expected = await challenged(verifier)

if (process.argv[2] === 'openid-client') {
  const { config, redirect_uri, scope } = await run('config, redirect_uri, scope')
  say({ url: client.buildAuthorizationUrl(config, { redirect_uri, scope, ...expected }).href })
  const { callback } = await hear()
  const checks = {
    pkceCodeVerifier: verifier, expectedState: expected.state, expectedNonce: expected.nonce, idTokenExpected: true,
  }
  const tokens = await client.authorizationCodeGrant(config, new URL(callback), checks)
  say({ id_token: tokens.claims() })
} else {
  const { as, site, authentication, redirect_uri, scope } =
    await run('as, site, authentication, redirect_uri, scope')
  const url = new URL(as.authorization_endpoint)
  const asked = { client_id: site.client_id, redirect_uri, scope, response_type: 'code', ...expected }
  url.search = new URLSearchParams(asked)
  say({ url: url.href })
  const { callback } = await hear()
  const back = oauth.validateAuthResponse(as, site, new URL(callback), expected.state)
  const options = { [oauth.allowInsecureRequests]: true }
  const answer = await oauth.authorizationCodeGrantRequest(
    as, site, authentication, back, redirect_uri, verifier, options)
  const tokens = await oauth.processAuthorizationCodeResponse(
    as, site, answer, { expectedNonce: expected.nonce, requireIdToken: true })
  say({ id_token: oauth.getValidatedIdTokenClaims(tokens) })
}
process.exit(0)
