import type { Core } from '../core/core.ts'
import { refuse } from '../domain/failure.ts'
import { readAuthorization } from './authorization.ts'
import type { SurfaceRequest } from './surface.ts'

/** Lets guards in alone, by their credential. */
export async function requireGuard(core: Core, request: SurfaceRequest): Promise<void> {
  const authorization = readAuthorization(request)
  if (authorization?.scheme !== 'bearer') return refuse({ kind: 'credentials_missing' })
  await core.authenticateGuard(authorization.token)
}
