/**
 * Registration codes: what a TV shows and a viewer types on a second screen. A code stands for one
 * device at one requestor until it expires or is deleted.
 */
import { randomUUID } from 'node:crypto'
import { mintCode } from '../../../core/mint-code.ts'
import { refuse } from '../../../domain/failure.ts'
import type { SurfaceRequest, Route } from '../../surface.ts'
import { anyText, constant, count, fields, optional, orNull, text } from '../../schema.ts'
import { readCaller } from './caller.ts'
import { normalizedDeviceInfo } from './device-info.ts'
import { withoutExtension } from './format.ts'
import { hashDeviceId } from './parse.ts'
import { providerOf, type Pass } from './pass.ts'
import { documentAnswer } from './render.ts'
import { deviceRoutes, type DeviceCaller } from './device-call.ts'
import { document, error, format, mvpd as mvpdId, passRoute } from './wire.ts'

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

export function registrationCodeRoutes(pass: Pass): readonly Route[] {
  return [...createRoutes(pass), readRoute(pass), deleteRoute(pass)]
}

/**
 * `POST /reggie/v1/{requestor}/regcode` [F]: a code for the calling device. Answers 201 with the
 * record, 400 for a `ttl` above 36000 seconds.
 */
function createRoutes(pass: Pass): readonly Route[] {
  return deviceRoutes(
    pass,
    {
      method: 'POST',
      path: '/reggie/v1/:requestor/regcode',
      summary: 'Get a registration code for a device',
      query: { mvpd: optional(mvpdId), ttl: optional(ttl) },
      responses: {
        201: document('The record of the code', recordBody),
        400: error('A parameter is missing or not valid'),
      },
      name: 'regcode',
      requestorIn: 'path',
    },
    async (caller, call) => {
      const seconds = call.query('ttl')
      const { registrationCodeLifetimeMs } = pass.options
      const lifetimeMs = seconds === undefined ? registrationCodeLifetimeMs : Number(seconds) * 1000
      const mvpd = call.query('mvpd') ?? null
      if (mvpd !== null) providerOf(pass, caller.requestor, mvpd)
      const generated = pass.clock.nowMs()
      const draft = draftOf(call.request, caller, mvpd, generated, generated + lifetimeMs)
      const record = await addUnderNewCode(pass, draft)
      // The caller gets back the device id that it sent; no other call ever gives it.
      const sentDeviceId = Buffer.from(caller.deviceId).toString('base64')
      const { json, xml } = recordOf(record, sentDeviceId)
      return documentAnswer(pass.options, call.request, call.json(201, json), xml)
    },
  )
}

/** `GET …/regcode/{code}` [F]: 200 with the record and the _hashed_ device id; 404 without it. */
function readRoute(pass: Pass): Route {
  return passRoute(
    {
      method: 'GET',
      path: '/reggie/v1/:requestor/regcode/:code',
      alsoHead: true,
      summary: 'Read the record of a registration code',
      params,
      query: fields({ format }),
      responses: {
        200: document('The record, with the hashed device id', recordBody),
        404: error('There is no such code'),
      },
    },
    async (call) => {
      const record = await findInPath(pass, call)
      const hashed = Buffer.from(record.deviceIdHash, 'base64url').toString('base64')
      const { json, xml } = recordOf(record, hashed)
      return documentAnswer(pass.options, call.request, call.json(200, json), xml)
    },
  )
}

/** `DELETE …/regcode/{code}` [F]: 204, and the code may be given out again. */
function deleteRoute(pass: Pass): Route {
  return passRoute(
    {
      method: 'DELETE',
      path: '/reggie/v1/:requestor/regcode/:code',
      summary: 'Release a registration code',
      params,
      responses: {
        204: { description: 'The code may be given out again' },
        404: error('There is no such code'),
      },
    },
    async (call) => {
      const record = await findInPath(pass, call)
      await pass.core.records.take(KIND, keyOf(record.requestor, record.code))
      return call.empty(204)
    },
  )
}

const params = fields({ requestor: anyText(), code: anyText() })

const ttl = text(
  16,
  { description: `Life of the code in seconds, 1 to ${String(MAX_TTL_SECONDS)}; default 1800` },
  (value) => {
    const seconds = /^\d+$/.test(value) ? Number(value) : 0
    return seconds >= 1 && seconds <= MAX_TTL_SECONDS ? undefined : 'must be 1 to 36000 seconds'
  },
)

const recordBody = fields({
  id: anyText(),
  code: anyText(),
  requestor: anyText(),
  mvpd: orNull(anyText()),
  generated: count(),
  expires: count(),
  info: fields({
    deviceId: anyText(),
    deviceInfo: anyText(),
    userAgent: orNull(anyText()),
    originalUserAgent: orNull(anyText()),
    authorizationType: constant('OAUTH2'),
    sourceApplicationInformation: fields({ id: anyText(), name: anyText(), version: anyText() }),
  }),
})

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
  call: {
    readonly request: SurfaceRequest
    param(name: 'requestor' | 'code'): string
  },
): Promise<RegistrationCode> {
  const { id } = await readCaller(pass, call.request, { requestor: () => call.param('requestor') })
  const record = await findRegistrationCode(pass, id, withoutExtension(call.param('code')))
  return record ?? refuse({ kind: 'not_found' })
}

function draftOf(
  request: SurfaceRequest,
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
    const record = { ...draft, code: mintCode(pass.random, ALPHABET, CODE_LENGTH) }
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

function keyOf(requestor: string, code: string): string {
  return `${requestor} ${code}`
}

function recordOf(record: RegistrationCode, deviceId: string) {
  const { id, code, requestor, mvpd, generated, expires, deviceInfo, userAgent } = record
  const info = {
    deviceId,
    deviceInfo,
    userAgent,
    originalUserAgent: userAgent,
    authorizationType: 'OAUTH2' as const,
    sourceApplicationInformation: { id: requestor, name: requestor, version: '1.0.0' },
  }
  const body = { id, code, requestor, mvpd, generated, expires, info }
  const namespace = { '@xmlns:ns2': 'model.mvc.reggie.pass.adobe.com' }
  // The schema wants the element even where there is no provider yet.
  const xml = { 'ns2:regcode': { ...namespace, ...body, mvpd: mvpd ?? '' } }
  return { xml, json: body }
}
