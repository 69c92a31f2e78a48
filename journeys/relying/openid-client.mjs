// A site by npm openid-client: told by one JSON line each on standard input, it answers likewise.
//
//                                                       -> {"jwks": its public keys}
//   {"issuer", "client_id", "redirect_uri", "scope", "profile", "order"?} -> {"url"}
//   {"callback"}                    -> {"id_token": claims, "userinfo", "refreshed": userinfo}
//   {"callback"}, after an order    -> {"id_token": claims, "signature", "certificate": base64}
import * as client from 'openid-client'
import { hear, opened, ownKeys, say } from './lines.mjs'

const { signing, results } = await ownKeys()
const { issuer, client_id, redirect_uri, scope, profile, order } = await hear()
const config = await client.discovery(
  new URL(issuer), client_id, { id_token_signed_response_alg: 'ES256' }, client.PrivateKeyJwt(signing),
  { execute: [client.allowInsecureRequests] },
)
const DPoP = profile === 'fapi2'
  ? client.getDPoPHandle(config, await client.randomDPoPKeyPair('ES256'))
  : undefined
const signatures = new URL('/api/sign-transactions', issuer)

// What is to be signed is named by the server, before the visitor is sent.
let ordered = {}
if (order) {
  const own = await client.clientCredentialsGrant(config, { scope: 'sign' }, { DPoP })
  const answer = await client.fetchProtectedResource(
    config, own.access_token, signatures, 'POST', JSON.stringify(order),
    new Headers({ 'content-type': 'application/json' }), { DPoP },
  )
  const { sign_transaction_id } = await answer.json()
  ordered = { sign_transaction_id }
}

const verifier = client.randomPKCECodeVerifier()
const state = client.randomState()
const nonce = client.randomNonce()
const request = {
  redirect_uri, scope, state, nonce, ...ordered,
  code_challenge: await client.calculatePKCECodeChallenge(verifier),
  code_challenge_method: 'S256',
}
const url = DPoP
  ? await client.buildAuthorizationUrlWithPAR(config, request, { DPoP })
  : client.buildAuthorizationUrl(config, request)
say({ url: url.href })

const { callback } = await hear()
const checks = {
  pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true,
}
const tokens = await client.authorizationCodeGrant(config, new URL(callback), checks, undefined, { DPoP })
const claims = tokens.claims()
if (order) {
  const path = `${signatures.pathname}/${ordered.sign_transaction_id}/result`
  const answer = await client.fetchProtectedResource(
    config, tokens.access_token, new URL(path, issuer), 'GET', undefined, undefined, { DPoP },
  )
  say({ id_token: claims, ...await opened(await answer.json(), results) })
  process.exit(0)
}
const about = (token) => client.fetchUserInfo(config, token, claims.sub, { DPoP })
const userinfo = await about(tokens.access_token)
const fresh = await client.refreshTokenGrant(config, tokens.refresh_token, undefined, { DPoP })
say({ id_token: claims, userinfo, refreshed: await about(fresh.access_token) })
process.exit(0)
