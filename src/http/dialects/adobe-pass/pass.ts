import type { Core } from '../../../core/core.ts'
import type { Client } from '../../../domain/identity.ts'
import type { Clock } from '../../../ports/clock.ts'
import type { Log } from '../../../ports/log.ts'
import type { Random } from '../../../ports/random.ts'
import type { SurfaceContext } from '../../context.ts'
import type { AdobePassOptions, Mvpd } from './options.ts'
import { passRefuse, unknownIntegration } from './errors.ts'

/** Name of the dialect, of its sessions, and audience of its media tokens. */
export const ADOBE_PASS = 'adobe-pass'
/** The dialect of registered applications, and audience of their access tokens. */
export const ADOBE_PASS_REGISTRATION = 'adobe-pass-dcr'

/** What every call of the dialect works with. */
export interface Pass {
  readonly core: Core
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly options: AdobePassOptions
  /** The TV providers, in the order of the configuration. */
  readonly mvpds: readonly Mvpd[]
  readonly prefix: string
  /** True with the demo identities, and only then. */
  readonly demo: boolean
  /** Public URL of the dialect's root, without a slash at the end. */
  readonly baseUrl: string
  /** Counts a call by device type, of which there are few. */
  readonly countDevice: (call: string, deviceType: string) => void
}

/** Device types told apart; whatever else callers invent is `Other`. */
const MAX_DEVICE_TYPES = 100

export function createPass(context: SurfaceContext, options: AdobePassOptions): Pass {
  const { core, node, clock, random, log, issuer, prefix, demo } = context
  const countDevice = options.countDevice ?? node.countDevice
  const known = new Set(['N/A', 'Unknown', 'Other'])
  return {
    core,
    clock,
    random,
    log,
    options,
    mvpds: options.mvpds ?? [],
    prefix,
    demo,
    baseUrl: issuer + prefix,
    countDevice(call, deviceType) {
      if (known.size < MAX_DEVICE_TYPES) known.add(deviceType)
      countDevice(call, known.has(deviceType) ? deviceType : 'Other')
    },
  }
}

/** What people read as the requestor's name. */
export function displayNameOf(requestor: Client): string {
  const { displayName } = requestor.attributes
  return typeof displayName === 'string' ? displayName : requestor.name
}

/** The providers that a requestor works with, in the order of the configuration. */
export function providersOf(pass: Pass, requestor: Client): readonly Mvpd[] {
  const ids = requestor.attributes['mvpds']
  return pass.mvpds.filter(({ id }) => Array.isArray(ids) && ids.includes(id))
}

/**
 * One provider of a requestor.
 *
 * @throws {PassRefusal} `unknown_integration` where the two do not work together.
 */
export function providerOf(pass: Pass, requestor: Client, id: string): Mvpd {
  const found = providersOf(pass, requestor).find((provider) => provider.id === id)
  return found ?? passRefuse(unknownIntegration)
}
