import { singleParameter } from '../../body.ts'
import type { Answer, DialectRequest } from '../../dialect.ts'
import { hashDeviceId, requiredParameter } from './parse.ts'
import { openAuthentication } from './authentication.ts'
import { readDeviceCaller } from './caller.ts'
import { passRefuse, unknownIntegration } from './errors.ts'
import { providerOf, type Pass } from './pass.ts'

const KIND = 'adobe-free-preview'
/** For this long after its start a device gets no second pass, only what is left of its first. */
const ONE_PASS_IN_MS = 30 * 24 * 3_600_000

/**
 * `POST /api/v1/authenticate/freepreview` [F]: an AuthN token for a Temp Pass, without a second
 * screen. Answers 204, or 400 where the provider is no Temp Pass or the device's pass is used up.
 *
 * The pass runs from the device's first call on: logging out and calling again does not prolong it.
 */
export async function startFreePreview(pass: Pass, request: DialectRequest): Promise<Answer> {
  const caller = await readDeviceCaller(pass, request, {
    call: 'freepreview',
    requestorParameter: 'requestor_id',
  })
  const { requestor, parameters, deviceKey, deviceType } = caller
  const provider = providerOf(pass, requestor, requiredParameter(parameters, 'mso_id', 64))
  if (pass.options.strict) requiredParameter(parameters, 'domain_name', 256)
  if (provider.temporaryPassMs === undefined) return passRefuse(unknownIntegration)
  // A promotional pass is one for each of what its scope names, an e-mail address say.
  const scope = singleParameter(parameters, 'generic_data', 1024) ?? ''
  const key = `${provider.id} ${deviceKey} ${hashDeviceId(scope)}`
  const nowMs = pass.clock.nowMs()
  const startedMs = await startOf(pass, key, nowMs)
  const lifetimeMs = startedMs + provider.temporaryPassMs - nowMs
  if (lifetimeMs <= 0) return passRefuse(unknownIntegration)
  await openAuthentication(pass, {
    requestor: requestor.id,
    deviceKey,
    mvpd: provider.id,
    userId: hashDeviceId(key),
    deviceType,
    metadata: {},
    lifetimeMs,
  })
  return { status: 204 }
}

/** When the device's pass began: now, unless it has begun already. */
async function startOf(pass: Pass, key: string, nowMs: number): Promise<number> {
  const expiresAtMs = nowMs + ONE_PASS_IN_MS
  const { records } = pass.core
  if (await records.add({ kind: KIND, key, value: { atMs: nowMs }, expiresAtMs })) return nowMs
  const known = await records.find(KIND, key)
  return known === undefined ? nowMs : (known.value as { readonly atMs: number }).atMs
}
