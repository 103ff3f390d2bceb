import type { Route } from '../../surface.ts'
import { optional, text } from '../../schema.ts'
import { hashDeviceId, required } from './parse.ts'
import { openAuthentication } from './authentication.ts'
import { passRefuse, unknownIntegration } from './errors.ts'
import { providerOf, type Pass } from './pass.ts'
import { deviceRoutes } from './device-call.ts'
import { error, mvpd } from './wire.ts'

const KIND = 'adobe-free-preview'
/** For this long after its start a device gets no second pass, only what is left of its first. */
const ONE_PASS_IN_MS = 30 * 24 * 3_600_000

const query = {
  mso_id: mvpd,
  domain_name: optional(text(256, { description: 'Mandatory with `strict`' })),
  generic_data: optional(text(1024, { description: 'What a promotional pass is limited to' })),
}

/**
 * `POST /api/v1/authenticate/freepreview` [F]: an AuthN token for a Temp Pass, without a second
 * screen. Answers 204, or 400 where the provider is no Temp Pass or the device's pass is used up.
 *
 * The pass runs from the device's first call on: logging out and calling again does not prolong it.
 */
export function freePreviewRoutes(pass: Pass): readonly Route[] {
  return (['POST', 'GET'] as const).flatMap((method) => routesOf(pass, method))
}

function routesOf(pass: Pass, method: 'POST' | 'GET'): readonly Route[] {
  return deviceRoutes(
    pass,
    {
      method,
      path: '/api/v1/authenticate/freepreview',
      ...(method === 'GET' ? { alsoHead: true } : {}),
      summary: 'Start a Temp Pass without a second screen',
      query,
      responses: {
        204: { description: 'The AuthN token is there' },
        400: error('No Temp Pass, or it is used up'),
      },
      name: 'freepreview',
      requestorIn: 'requestor_id',
    },
    async ({ requestor, deviceKey, deviceType }, call) => {
      const provider = providerOf(pass, requestor, call.query('mso_id'))
      if (pass.options.strict) required(call.query('domain_name'), 'domain_name')
      if (provider.temporaryPassMs === undefined) return passRefuse(unknownIntegration)
      // A promotional pass is one for each of what its scope names, an e-mail address say.
      const scope = call.query('generic_data') ?? ''
      const key = `${provider.id} ${deviceKey} ${hashDeviceId(scope)}`
      const nowMs = pass.clock.nowMs()
      const startedMs = await startOf(pass, key, nowMs)
      const lifetimeMs = startedMs + provider.temporaryPassMs - nowMs
      if (lifetimeMs <= 0) return passRefuse(unknownIntegration)
      await openAuthentication(pass, call.request, {
        requestor: requestor.id,
        deviceKey,
        mvpd: provider.id,
        userId: hashDeviceId(key),
        deviceType,
        metadata: {},
        lifetimeMs,
      })
      return call.empty(204)
    },
  )
}

/** When the device's pass began: now, unless it has begun already. */
async function startOf(pass: Pass, key: string, nowMs: number): Promise<number> {
  const expiresAtMs = nowMs + ONE_PASS_IN_MS
  const { records } = pass.core
  if (await records.add({ kind: KIND, key, value: { atMs: nowMs }, expiresAtMs })) return nowMs
  const known = await records.find(KIND, key)
  return known === undefined ? nowMs : (known.value as { readonly atMs: number }).atMs
}
