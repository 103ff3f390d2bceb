import { createHash } from 'node:crypto'
import type { Core } from '../../../core/core.ts'
import type { DialectContext } from '../../context.ts'
import { createRateLimit, type RateLimit } from '../../rate-limit.ts'
import type { BaanxOptions } from './options.ts'

/** Name of the dialect and audience of its tokens. */
export const BAANX = 'baanx'

/** What the verbs of this dialect share. */
export interface BaanxService {
  readonly core: Core
  readonly context: DialectContext
  readonly settings: BaanxOptions
  readonly limits: Readonly<Record<keyof BaanxOptions['limits'], RateLimit>>
}

export function createService(context: DialectContext, settings: BaanxOptions): BaanxService {
  const limit = (points: number): RateLimit =>
    createRateLimit({ points, windowSeconds: 60 }, context.rateLimitFactor)
  const { limits } = settings
  return {
    core: context.core,
    context,
    settings,
    limits: {
      loginsPerAddress: limit(limits.loginsPerAddress),
      loginsPerAccount: limit(limits.loginsPerAccount),
      otpsPerAddress: limit(limits.otpsPerAddress),
      otpsPerAccount: limit(limits.otpsPerAccount),
      authorizationsPerAddress: limit(limits.authorizationsPerAddress),
    },
  }
}

/** A value that nobody can guess, for authorization sessions and codes. */
export function mintHandle(service: BaanxService): string {
  return Buffer.from(service.core.dependencies.random.bytes(32)).toString('base64url')
}

/** Under what a handle is stored, so that who reads the store cannot use it. */
export function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url')
}
