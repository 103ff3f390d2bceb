/**
 * SAML 2.0 Single Logout: a signed `LogoutRequest` (core, section 3.7.1) over the SOAP binding
 * (bindings, section 3.2), the one that needs no browser. It names the viewer by `NameID` and,
 * where the provider gave one at the login, the session by `SessionIndex`; without it all of the
 * viewer's sessions are meant. Each attempt has an ID of its own.
 *
 * The answer is believed as far as the connection: its `InResponseTo` must be ours.
 */
import { DOMParser, type XmlNode } from '@xmldom/xmldom'
import { SignedXml } from 'xml-crypto'
import type { SamlLogout } from '../../domain/mvpd-logout.ts'
import type { SendOutcome } from '../../ports/delivery.ts'
import { outcomeOf, type Answer } from '../exchange.ts'
import { impossible, type ChannelWorld, type TellProvider } from './channel.ts'

const PROTOCOL = 'urn:oasis:names:tc:SAML:2.0:protocol'
const ASSERTION = 'urn:oasis:names:tc:SAML:2.0:assertion'
const SOAP = 'http://schemas.xmlsoap.org/soap/envelope/'
const STATUS = 'urn:oasis:names:tc:SAML:2.0:status:'
const UNSPECIFIED = 'urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified'
const EXCLUSIVE = 'http://www.w3.org/2001/10/xml-exc-c14n#'

/** A provider that gets it later has reason to think that it is a copy. */
const GOOD_FOR_MS = 5 * 60_000

export function samlChannel(settings: SamlLogout, world: ChannelWorld): TellProvider {
  const { exchange, nowMs, newId } = world
  const { url, nameIdClaim, sessionIndexClaim } = settings
  return async ({ facts: { userId, claims = {} }, signal }) => {
    const nameId = nameIdClaim === undefined ? userId : claims[nameIdClaim]
    if (nameId === undefined) return impossible('the login brought no NameID')
    const sessionIndex = sessionIndexClaim === undefined ? undefined : claims[sessionIndexClaim]
    // An xs:ID begins with no digit.
    const id = `_${newId()}`
    const request = signed(
      logoutRequest(settings, { id, nameId, sessionIndex, atMs: nowMs() }),
      settings.privateKey,
    )
    const body = `<soap:Envelope xmlns:soap="${SOAP}"><soap:Body>${request}</soap:Body></soap:Envelope>`
    const headers = {
      'content-type': 'text/xml; charset=utf-8',
      soapaction: '"http://www.oasis-open.org/committees/security"',
    }
    const answer = await exchange(url, { method: 'POST', headers, body, signal })
    return answer.kind === 'answer' ? outcome(answer, id, nowMs()) : answer
  }
}

interface Logout {
  readonly id: string
  readonly nameId: string
  readonly sessionIndex: string | undefined
  readonly atMs: number
}

function logoutRequest(
  { url, entityId, nameIdFormat = UNSPECIFIED }: SamlLogout,
  { id, nameId, sessionIndex, atMs }: Logout,
): string {
  const attributes = {
    'xmlns:samlp': PROTOCOL,
    'xmlns:saml': ASSERTION,
    ID: id,
    Version: '2.0',
    IssueInstant: new Date(atMs).toISOString(),
    Destination: url,
    NotOnOrAfter: new Date(atMs + GOOD_FOR_MS).toISOString(),
  }
  const parts = [
    element('saml:Issuer', {}, escaped(entityId)),
    element('saml:NameID', { Format: nameIdFormat }, escaped(nameId)),
    ...(sessionIndex === undefined
      ? []
      : [element('samlp:SessionIndex', {}, escaped(sessionIndex))]),
  ]
  return element('samlp:LogoutRequest', attributes, parts.join(''))
}

function element(
  name: string,
  attributes: Readonly<Record<string, string>>,
  content: string,
): string {
  const said = Object.entries(attributes).map(([key, value]) => ` ${key}="${escaped(value)}"`)
  return `<${name}${said.join('')}>${content}</${name}>`
}

/** What XML 1.0 (section 2.2) has no way to write becomes U+FFFD. */
// oxlint-disable-next-line no-control-regex
const UNWRITABLE = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/g

const references: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\t': '&#9;',
  '\n': '&#10;',
  '\r': '&#13;',
}

function escaped(text: string): string {
  return text
    .toWellFormed()
    .replace(UNWRITABLE, '\uFFFD')
    .replace(/[&<>"\t\n\r]/g, (character) => references[character] ?? '')
}

/** Enveloped, behind the issuer, over the whole request (core, section 5.4). */
function signed(xml: string, privateKey: string): string {
  const signature = new SignedXml({
    privateKey,
    signatureAlgorithm: 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
    canonicalizationAlgorithm: EXCLUSIVE,
    idAttribute: 'ID',
  })
  signature.addReference({
    xpath: '/*',
    transforms: ['http://www.w3.org/2000/09/xmldsig#enveloped-signature', EXCLUSIVE],
    digestAlgorithm: 'http://www.w3.org/2001/04/xmlenc#sha256',
  })
  signature.computeSignature(xml, {
    prefix: 'ds',
    location: { reference: '/*/*[local-name(.)="Issuer"]', action: 'after' },
  })
  return signature.getSignedXml()
}

function outcome(answer: Answer, id: string, nowMs: number): SendOutcome {
  const said = outcomeOf(answer, nowMs)
  if (said.kind !== 'delivered') return said
  const status = statusIn(answer.text, id)
  switch (status) {
    case undefined:
      return {
        kind: 'again',
        error: 'it answered with something else than a LogoutResponse to this',
      }
    case 'Success':
      return { kind: 'delivered' }
    case 'PartialLogout':
      // Sent again it might say `Success`, because there its session has ended by now.
      return impossible('it has not logged the viewer out everywhere (PartialLogout)')
    case 'Responder':
      return { kind: 'again', error: 'it answered with the status Responder' }
    case 'Requester':
    case 'VersionMismatch':
      return impossible(`it answered with the status ${status}`)
  }
}

/** Top-level status codes (core, section 3.2.2.2). */
const statusCodes = ['Success', 'Requester', 'Responder', 'VersionMismatch'] as const

/** Longer answers are not parsed: that would keep this process from everything else. */
const MAX_RESPONSE_CHARS = 65_536

/**
 * The status of the answer to our request; undefined where it is none. A second-level code says of
 * a `Success` that it is none for other services of the provider (core, section 3.7.3.2).
 */
function statusIn(
  text: string,
  id: string,
): (typeof statusCodes)[number] | 'PartialLogout' | undefined {
  // Nothing in SAML needs one, and entities come with it.
  if (text.length > MAX_RESPONSE_CHARS || text.includes('<!DOCTYPE')) return undefined
  const root = parsed(text)
  const response = root?.getElementsByTagNameNS(PROTOCOL, 'LogoutResponse').item(0)
  if (response?.getAttribute('InResponseTo') !== id) return undefined
  const codes = response.getElementsByTagNameNS(PROTOCOL, 'StatusCode')
  const says = (at: number, code: string): boolean =>
    codes.item(at)?.getAttribute('Value') === STATUS + code
  const status = statusCodes.find((known) => says(0, known))
  return status === 'Success' && says(1, 'PartialLogout') ? 'PartialLogout' : status
}

function parsed(text: string): XmlNode | undefined {
  try {
    const refuse = (message: string): never => {
      throw new SyntaxError(message)
    }
    const errorHandler = { warning: refuse, error: refuse, fatalError: refuse }
    return new DOMParser({ errorHandler }).parseFromString(text, 'text/xml')
  } catch {
    return undefined
  }
}
