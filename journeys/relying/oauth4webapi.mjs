// A site by npm oauth4webapi: told by one JSON line each on standard input, it answers likewise.
//
//                                                       -> {"jwks": its public keys}
//   {"issuer", "client_id", "redirect_uri", "scope", "profile", "order"?} -> {"url"}
//   {"callback"}                    -> {"id_token": claims, "userinfo", "refreshed": userinfo}
//   {"callback"}, after an order    -> {"id_token": claims, "signature", "certificate": base64}
import * as oauth from 'oauth4webapi'
import { hear, opened, ownKeys, say } from './lines.mjs'

const { signing, results } = await ownKeys()
const authentication = oauth.PrivateKeyJwt(signing)
const { issuer, client_id, redirect_uri, scope, profile, order } = await hear()
const plain = { [oauth.allowInsecureRequests]: true }
const at = new URL(issuer)
const as = await oauth.processDiscoveryResponse(at, await oauth.discoveryRequest(at, plain))
const client = { client_id, id_token_signed_response_alg: 'ES256' }
const DPoP = profile === 'fapi2'
  ? oauth.DPoP(client, await oauth.generateKeyPair('ES256'))
  : undefined
const options = { ...plain, DPoP }

// A server may ask once for a proof with its nonce.
const proven = async (send, read) => {
  try {
    return await read(await send())
  } catch (error) {
    if (!DPoP || !oauth.isDPoPNonceError(error)) throw error
    return read(await send())
  }
}

const signatures = new URL('/api/sign-transactions', issuer)

// What is to be signed is named by the server, before the visitor is sent.
const ordered = {}
if (order) {
  const own = await proven(
    () => oauth.clientCredentialsGrantRequest(
      as, client, authentication, new URLSearchParams({ scope: 'sign' }), options),
    (response) => oauth.processClientCredentialsResponse(as, client, response),
  )
  const { sign_transaction_id } = await proven(
    () => oauth.protectedResourceRequest(
      own.access_token, 'POST', signatures, new Headers({ 'content-type': 'application/json' }),
      JSON.stringify(order), options),
    (response) => response.json(),
  )
  Object.assign(ordered, { sign_transaction_id })
}

const verifier = oauth.generateRandomCodeVerifier()
const state = oauth.generateRandomState()
const nonce = oauth.generateRandomNonce()
const request = new URLSearchParams({
  client_id, redirect_uri, scope, state, nonce, response_type: 'code', ...ordered,
  code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
  code_challenge_method: 'S256',
})
const url = new URL(as.authorization_endpoint)
if (DPoP) {
  const pushed = await proven(
    () => oauth.pushedAuthorizationRequest(as, client, authentication, request, options),
    (response) => oauth.processPushedAuthorizationResponse(as, client, response),
  )
  url.search = new URLSearchParams({ client_id, request_uri: pushed.request_uri })
} else {
  url.search = request
}
say({ url: url.href })

const { callback } = await hear()
const back = oauth.validateAuthResponse(as, client, new URL(callback), state)
const tokens = await proven(
  () => oauth.authorizationCodeGrantRequest(
    as, client, authentication, back, redirect_uri, verifier, options),
  (response) => oauth.processAuthorizationCodeResponse(
    as, client, response, { expectedNonce: nonce, requireIdToken: true }),
)
const claims = oauth.getValidatedIdTokenClaims(tokens)
if (order) {
  const path = `${signatures.pathname}/${ordered.sign_transaction_id}/result`
  const result = await proven(
    () => oauth.protectedResourceRequest(
      tokens.access_token, 'GET', new URL(path, issuer), undefined, undefined, options),
    (response) => response.json(),
  )
  say({ id_token: claims, ...await opened(result, results) })
  process.exit(0)
}
const about = (token) => proven(
  () => oauth.userInfoRequest(as, client, token, options),
  (response) => oauth.processUserInfoResponse(as, client, claims.sub, response),
)
const userinfo = await about(tokens.access_token)
const fresh = await proven(
  () => oauth.refreshTokenGrantRequest(as, client, authentication, tokens.refresh_token, options),
  (response) => oauth.processRefreshTokenResponse(as, client, response),
)
say({ id_token: claims, userinfo, refreshed: await about(fresh.access_token) })
process.exit(0)
