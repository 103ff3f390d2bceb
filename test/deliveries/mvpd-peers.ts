/** TV providers that speak a standard, and nothing of ours. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

export interface Peer {
  readonly url: string
  close(): void
}

export async function listen(handle: RequestListener): Promise<Peer> {
  const server: Server = createServer(handle)
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    close() {
      server.closeAllConnections()
      server.close()
    },
  }
}

export async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}

/** The facts of a `LogoutRequest` that holds as to schema and signature. */
export interface SamlLogoutRequest {
  readonly id: string
  readonly destination: string
  readonly issuer: string
  readonly nameId: string
  readonly format: string
  readonly sessionIndexes: readonly string[]
  readonly notOnOrAfter: string
}

const schemas = '/usr/share/xml'
const [saml, w3c] = [`${schemas}/opensaml`, `${schemas}/xmltooling`]

/**
 * Holds a SOAP message against SAML's schema with libxml2, and its signature against a key with
 * xmlsec1: programs that share nothing with what made it.
 *
 * @throws {Error} Where either says no.
 */
export function readLogoutRequest(soap: string, publicKeyPem: string): SamlLogoutRequest {
  const folder = mkdtempSync(join(tmpdir(), 'outright-saml-'))
  const file = (name: string, text: string): string => {
    const path = join(folder, name)
    writeFileSync(path, text)
    return path
  }
  try {
    const catalog = file(
      'catalog.xml',
      '<catalog xmlns="urn:oasis:names:tc:entity:xmlns:xml:catalog">' +
        uri('TR/2002/REC-xmldsig-core-20020212/xmldsig-core-schema.xsd', 'xmldsig-core-schema') +
        uri('TR/2002/REC-xmlenc-core-20021210/xenc-schema.xsd', 'xenc-schema') +
        '</catalog>',
    )
    const envelope = file('envelope.xml', soap)
    const key = file('key.pem', publicKeyPem)
    const run = (program: string, ...argv: readonly string[]): string =>
      execFileSync(program, argv, {
        env: { ...process.env, XML_CATALOG_FILES: catalog },
        stdio: ['ignore', 'pipe', 'pipe'],
        encoding: 'utf8',
      })
    const found = (path: string): string => run('xmllint', '--nonet', '--xpath', path, envelope)
    const request = file(
      'request.xml',
      found('/*[local-name()="Envelope"]/*[local-name()="Body"]/*[local-name()="LogoutRequest"]'),
    )
    const schema = `${saml}/saml-schema-protocol-2.0.xsd`
    run('xmllint', '--nonet', '--noout', '--schema', schema, request)
    const protocol = 'urn:oasis:names:tc:SAML:2.0:protocol:LogoutRequest'
    run('xmlsec1', '--verify', '--id-attr:ID', protocol, '--pubkey-pem', key, request)
    const text = (path: string): string => found(`string(//*[local-name()="${path}"])`).trim()
    const attribute = (name: string): string =>
      found(`string(//*[local-name()="LogoutRequest"]/@${name})`).trim()
    const id = attribute('ID')
    assert.equal(
      found('string(//*[local-name()="Reference"]/@URI)').trim(),
      `#${id}`,
      'the whole request is signed',
    )
    const count = Number(found('count(//*[local-name()="SessionIndex"])'))
    return {
      id,
      destination: attribute('Destination'),
      issuer: text('Issuer'),
      nameId: text('NameID'),
      format: found('string(//*[local-name()="NameID"]/@Format)').trim(),
      sessionIndexes: Array.from({ length: count }, (_, at) =>
        found(`string((//*[local-name()="SessionIndex"])[${String(at + 1)}])`).trim(),
      ),
      notOnOrAfter: attribute('NotOnOrAfter'),
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function uri(at: string, name: string): string {
  return `<system systemId="http://www.w3.org/${at}" uri="${pathToFileURL(`${w3c}/${name}.xsd`).href}"/>`
}

/** The answer over SOAP, with a status: at the top level, and one within it after a slash. */
export function logoutResponse(inResponseTo: string, status = 'Success'): string {
  const codes = status
    .split('/')
    .reduceRight(
      (within, code) =>
        `<p:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:${code}">${within}</p:StatusCode>`,
      '',
    )
  return (
    '<?xml version="1.0" encoding="UTF-8"?>' +
    '<S:Envelope xmlns:S="http://schemas.xmlsoap.org/soap/envelope/"><S:Body>' +
    '<p:LogoutResponse xmlns:p="urn:oasis:names:tc:SAML:2.0:protocol" ID="_r" Version="2.0" ' +
    `IssueInstant="2026-01-01T00:00:00Z" InResponseTo="${inResponseTo}"><p:Status>${codes}` +
    '</p:Status></p:LogoutResponse></S:Body></S:Envelope>'
  )
}
