/**
 * Registration codes: what a TV shows and a viewer types on a second screen. A code stands for one
 * device at one requestor until it expires or is deleted.
 */
import { randomUUID } from 'node:crypto'
import { refuse } from '../../../domain/failure.ts'
import type { Random } from '../../../ports/random.ts'
import { singleParameter } from '../../body.ts'
import type { Answer, DialectRequest } from '../../dialect.ts'
import { readCaller, readDeviceCaller, type DeviceCaller } from './caller.ts'
import { normalizedDeviceInfo } from './device-info.ts'
import { withoutExtension } from './format.ts'
import { hashDeviceId } from './parse.ts'
import { providerOf, type Pass } from './pass.ts'
import { documentAnswer } from './render.ts'

/** A code as it is stored: the device id itself is not. */
export interface RegistrationCode {
  readonly id: string
  readonly code: string
  readonly requestor: string
  readonly mvpd: string | null
  readonly generated: number
  readonly expires: number
  readonly deviceKey: string
  readonly deviceIdHash: string
  readonly deviceInfo: string
  readonly deviceType: string
  readonly userAgent: string | null
}

const KIND = 'adobe-regcode'
/** Without the characters that people mistake for one another on a TV across the room. */
const ALPHABET = '23456789ABCDEFGHJKMNPQRSTUVWXYZ'
const CODE_LENGTH = 7
const MAX_TTL_SECONDS = 36_000
/** With 27 billion codes a second try is rare; this many in a row mean that something else is wrong. */
const MAX_TRIES = 8

/**
 * `POST /reggie/v1/{requestor}/regcode` [F]: a code for the calling device. Answers 201 with the
 * record.
 *
 * @throws {Refusal} `missing_parameter`, `invalid_parameter` (`ttl` above 36000 seconds, above
 *   all).
 */
export async function createRegistrationCode(pass: Pass, request: DialectRequest): Promise<Answer> {
  const caller = await readDeviceCaller(pass, request, {
    call: 'regcode',
    requestor: requestorInPath(request),
  })
  const { requestor, parameters } = caller
  const ttl = readTtl(parameters) ?? pass.options.registrationCodeLifetimeMs
  const mvpd = singleParameter(parameters, 'mvpd', 64) ?? null
  if (mvpd !== null) providerOf(pass, requestor, mvpd)
  const generated = pass.clock.nowMs()
  const draft = draftOf(request, caller, mvpd, generated, generated + ttl)
  const record = await addUnderNewCode(pass, draft)
  // The caller gets back the device id that it sent; nobody else ever gets it.
  const sentDeviceId = Buffer.from(caller.deviceId).toString('base64')
  return recordAnswer(pass, request, 201, record, sentDeviceId)
}

/** `GET …/regcode/{code}` [F]: 200 with the record and the _hashed_ device id; 404 without it. */
export async function readRegistrationCode(pass: Pass, request: DialectRequest): Promise<Answer> {
  const record = await findInPath(pass, request)
  if (record === undefined) return refuse({ kind: 'not_found' })
  const hashed = Buffer.from(record.deviceIdHash, 'base64url').toString('base64')
  return recordAnswer(pass, request, 200, record, hashed)
}

/** `DELETE …/regcode/{code}` [F]: 204, and the code may be given out again. */
export async function deleteRegistrationCode(pass: Pass, request: DialectRequest): Promise<Answer> {
  const record = await findInPath(pass, request)
  if (record === undefined) return refuse({ kind: 'not_found' })
  await pass.core.records.take(KIND, keyOf(record.requestor, record.code))
  return { status: 204 }
}

/** The record of a code that is good now, as people type it: any case, spaces around it. */
export async function findRegistrationCode(
  pass: Pass,
  requestor: string,
  code: string,
): Promise<RegistrationCode | undefined> {
  const found = await pass.core.records.find(KIND, keyOf(requestor, code.trim().toUpperCase()))
  if (found === undefined || found.isOver) return undefined
  return found.value as unknown as RegistrationCode
}

async function findInPath(
  pass: Pass,
  request: DialectRequest,
): Promise<RegistrationCode | undefined> {
  const { requestor } = await readCaller(pass, request, {
    requestor: requestorInPath(request),
  })
  return findRegistrationCode(pass, requestor.id, withoutExtension(request.params['code'] ?? ''))
}

function requestorInPath(request: DialectRequest): string {
  return request.params['requestor'] ?? ''
}

function readTtl(parameters: URLSearchParams): number | undefined {
  const parameter = 'ttl'
  const text = singleParameter(parameters, parameter, 16)
  if (text === undefined) return undefined
  const seconds = /^\d+$/.test(text) ? Number(text) : 0
  if (seconds >= 1 && seconds <= MAX_TTL_SECONDS) return seconds * 1000
  return refuse({ kind: 'invalid_parameter', parameter, reason: 'it is not 1 to 36000 seconds' })
}

function draftOf(
  request: DialectRequest,
  caller: DeviceCaller,
  mvpd: string | null,
  generated: number,
  expires: number,
): Omit<RegistrationCode, 'code'> {
  const userAgent = request.header('user-agent')?.slice(0, 512)
  return {
    id: randomUUID(),
    requestor: caller.requestor.id,
    mvpd,
    generated,
    expires,
    deviceKey: caller.deviceKey,
    deviceIdHash: hashDeviceId(caller.deviceId),
    deviceInfo: normalizedDeviceInfo(caller.device, userAgent),
    deviceType: caller.deviceType,
    userAgent: userAgent ?? null,
  }
}

async function addUnderNewCode(
  pass: Pass,
  draft: Omit<RegistrationCode, 'code'>,
): Promise<RegistrationCode> {
  for (let attempt = 0; attempt < MAX_TRIES; attempt++) {
    const record = { ...draft, code: newCode(pass.random) }
    const added = await pass.core.records.add({
      kind: KIND,
      key: keyOf(record.requestor, record.code),
      value: { ...record },
      expiresAtMs: record.expires,
    })
    if (added) return record
  }
  return refuse({ kind: 'internal', reason: 'no registration code is free' })
}

function newCode(random: Random): string {
  let code = ''
  while (code.length < CODE_LENGTH) {
    for (const byte of random.bytes(CODE_LENGTH)) {
      // Bytes above the largest multiple would make the first letters more likely.
      if (byte < 256 - (256 % ALPHABET.length) && code.length < CODE_LENGTH) {
        code += ALPHABET.charAt(byte % ALPHABET.length)
      }
    }
  }
  return code
}

function keyOf(requestor: string, code: string): string {
  return `${requestor} ${code}`
}

function recordAnswer(
  pass: Pass,
  request: DialectRequest,
  status: number,
  record: RegistrationCode,
  deviceId: string,
): Answer {
  const { id, code, requestor, mvpd, generated, expires, deviceInfo, userAgent } = record
  const info = {
    deviceId,
    deviceInfo,
    userAgent,
    originalUserAgent: userAgent,
    authorizationType: 'OAUTH2',
    sourceApplicationInformation: { id: requestor, name: requestor, version: '1.0.0' },
  }
  const fields = { id, code, requestor, mvpd, generated, expires, info }
  const namespace = { '@xmlns:ns2': 'model.mvc.reggie.pass.adobe.com' }
  // The schema wants the element even where there is no provider yet.
  const xml = { 'ns2:regcode': { ...namespace, ...fields, mvpd: mvpd ?? '' } }
  return documentAnswer(pass.options, request, status, { xml, json: fields })
}
