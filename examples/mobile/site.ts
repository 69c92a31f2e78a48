// A mobile contract: npx tsx site.ts [SANDBOX] [PORT] [FILE]
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'
import { exportJWK, generateKeyPair } from 'jose'
import * as client from 'openid-client'
import { age, type Contract, Contracts, isOfAge, type Person, type Plan, PLANS, refusal } from './contracts.ts'
import { Pages } from './pages.ts'
import { LANGUAGES, type Language } from './texts.ts'

const sandbox = process.argv[2] ?? 'http://localhost:8765'
const port = Number(process.argv[3] ?? 3001)
const contracts = new Contracts(process.argv[4] ?? 'data/contracts.json')
const site = `http://localhost:${port}`
const style = readFileSync(new URL('style.css', import.meta.url))

/** What age and contract need, and no more. */
const scope = 'openid name address birthdate'

// A real site registers itself once, and keeps its key.
const { publicKey, privateKey } = await generateKeyPair('ES256')
const registration = await fetch(`${sandbox}/provider/v1/clients`, {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({
    client_name: '見本モバイル', redirect_uris: [`${site}/callback`], scope, sector: 'localhost',
    jwks: { keys: [{ ...await exportJWK(publicKey), kid: 'site', alg: 'ES256', use: 'sig' }] },
  }),
})
if (!registration.ok) throw new Error(await registration.text())
const { client_id } = await registration.json() as { client_id: string }
// A sandbox tells its own time, which may have been turned.
const skew = Math.round((Date.parse(registration.headers.get('date') ?? '') - Date.now()) / 1000)
const provider = await client.discovery(
  new URL(`${sandbox}/api/realms/main`), client_id,
  { id_token_signed_response_alg: 'ES256', [client.clockSkew]: skew },
  client.PrivateKeyJwt({ key: privateKey, kid: 'site' }), { execute: [client.allowInsecureRequests] },
)

/** A visit: what was chosen, and who was identified until now. */
type Visit = {
  plan: Plan, mark: string, at: Date, since: number
  holder?: Person, parent?: Person, made?: Contract
  begun?: { who: 'holder' | 'parent', state: string, nonce: string, verifier: string }
}
const visits = new Map<string, Visit>()
const LIFE = 30 * 60_000

type Answer = { to: string, cookie?: string } | { html: string, status?: number }

async function answer(request: IncomingMessage, url: URL, pages: Pages): Promise<Answer> {
  const visit = visits.get(cookie(request, 'mobile') ?? '')
  switch (`${request.method} ${url.pathname}`) {
    case 'GET /':
      return { html: pages.choose() }
    case 'GET /begin': {
      const plan = PLANS.find((one) => one === url.searchParams.get('plan'))
      if (!plan) return { to: '/' }
      for (const [id, { since }] of visits) if (since + LIFE < Date.now()) visits.delete(id)
      const id = randomBytes(32).toString('base64url')
      const mark = randomBytes(16).toString('base64url')
      const begun: Visit = { plan, mark, at: new Date(), since: Date.now() }
      visits.set(id, begun)
      return { to: await asks(begun, 'holder'), cookie: `mobile=${id}; Path=/; HttpOnly; SameSite=Lax; Max-Age=1800` }
    }
    case 'GET /begin-parent':
      return { to: visit?.holder ? await asks(visit, 'parent') : '/' }
    case 'GET /callback':
      if (!visit?.begun) return { html: pages.failed('not-begun'), status: 403 }
      await learns(visit, url)
      return { to: '/check' }
    case 'GET /check': {
      if (!visit?.holder) return { to: '/' }
      const { plan, holder, parent, at, mark } = visit
      const refused = parent && refusal(holder, parent, at)
      if (!isOfAge(holder, at) && (!parent || refused)) return { html: pages.consent(refused) }
      return { html: pages.check(plan, holder, age(holder.birthdate, at), mark, parent) }
    }
    case 'POST /contract': {
      const sent = new URLSearchParams(await body(request))
      // Who is at another port of this host may send a form, but does not know the mark.
      if (!visit?.holder || sent.get('mark') !== visit.mark) return { to: '/' }
      const { plan, holder, parent, at } = visit
      if (!isOfAge(holder, at) && (!parent || refusal(holder, parent, at))) return { to: '/check' }
      visit.made ??= contracts.enter(plan, holder, at, parent)
      return { to: '/done' }
    }
    case 'GET /done':
      return visit?.made ? { html: pages.done(visit.made) } : { to: '/' }
    case 'GET /office':
      return { html: pages.office(contracts.all) }
    default:
      return { to: '/' }
  }
}

/** Sends the visitor to the provider. A parent is asked for anew: the holder is logged in there. */
async function asks(visit: Visit, who: 'holder' | 'parent'): Promise<string> {
  const [verifier, state, nonce] = [client.randomPKCECodeVerifier(), client.randomState(), client.randomNonce()]
  visit.begun = { who, state, nonce, verifier }
  return client.buildAuthorizationUrl(provider, {
    redirect_uri: `${site}/callback`, scope, state, nonce, prompt: 'login', code_challenge_method: 'S256',
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
  }).href
}

/** The visitor is back: who that is. An age is that of the moment at which the provider says so. */
async function learns(visit: Visit, url: URL): Promise<void> {
  const { who, state, nonce, verifier } = visit.begun!
  delete visit.begun
  const tokens = await client.authorizationCodeGrant(provider, url, {
    pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce,
  })
  const { sub, iat } = tokens.claims()!
  const told = await client.fetchUserInfo(provider, tokens.access_token, sub)
  visit[who] = { sub, name: told.name!, address: String(told.address), birthdate: told.birthdate! }
  visit.at = new Date(iat * 1000)
}

function cookie(request: IncomingMessage, name: string): string | undefined {
  const pairs = (request.headers.cookie ?? '').split(';').map((pair) => pair.trim().split('='))
  return pairs.find(([key]) => key === name)?.[1]
}

async function body(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const part of request) {
    text += part
    if (text.length > 1000) throw new Error('the form is too long')
  }
  return text
}

function language(request: IncomingMessage, url: URL): Language {
  const chosen = url.searchParams.get('lang') ?? cookie(request, 'lang') ?? ''
  return Object.hasOwn(LANGUAGES, chosen) ? chosen as Language : 'ja'
}

const HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  'referrer-policy': 'same-origin',
}

createServer(async (request, response) => {
  // As `//` is none.
  if (!URL.canParse(request.url ?? '/', site)) return response.writeHead(400).end()
  const url = new URL(request.url ?? '/', site)
  if (url.pathname === '/style.css') return response.writeHead(200, { 'content-type': 'text/css' }).end(style)
  // What is told at the callback is told once.
  const pages = new Pages(language(request, url), url.pathname === '/callback' ? '/' : url.pathname)
  const kept = url.searchParams.has('lang') ? [`lang=${pages.language}; Path=/; SameSite=Lax; Max-Age=31536000`] : []
  // What the provider refuses has its stable code.
  const failed = (error: any): Answer => ({ html: pages.failed(url.searchParams.get('inrou_code') ?? error.code ?? 'failed'), status: 403 })
  const done = await answer(request, url, pages).catch(failed)
  if ('to' in done) {
    const cookies = [...kept, ...done.cookie ? [done.cookie] : []]
    return response.writeHead(303, { location: done.to, 'set-cookie': cookies }).end()
  }
  return response.writeHead(done.status ?? 200, { ...HEADERS, 'set-cookie': kept }).end(done.html)
}).listen(port, 'localhost', () => console.log(`The site is at ${site}`))
