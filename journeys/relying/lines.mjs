// How a test and a site speak: one line of JSON each, on standard input and output.
import { createInterface } from 'node:readline'
import { compactDecrypt, exportJWK, generateKeyPair } from 'jose'

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()

export const hear = async () => JSON.parse((await lines.next()).value)
export const say = (value) => process.stdout.write(JSON.stringify(value) + '\n')

// A site's key pairs, by which it signs and to which results are encrypted; the public keys are said.
export const ownKeys = async () => {
  const signing = await generateKeyPair('ES256')
  const results = await generateKeyPair('ECDH-ES+A256KW')
  say({ jwks: [
    { ...await exportJWK(signing.publicKey), kid: 'site-1', alg: 'ES256', use: 'sig' },
    { ...await exportJWK(results.publicKey), kid: 'results-1', use: 'enc' },
  ] })
  return { signing: { key: signing.privateKey, kid: 'site-1' }, results: results.privateKey }
}

// The result of a signature, decrypted, in base64.
export const opened = async ({ signature_jwe, certificate_jwe }, key) => {
  const open = async (jwe) => Buffer.from((await compactDecrypt(jwe, key)).plaintext).toString('base64')
  return { signature: await open(signature_jwe), certificate: await open(certificate_jwe) }
}
