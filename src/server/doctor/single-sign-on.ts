/** Whether operators can sign in at the identity provider that the configuration names. */
import { signOnCallbackPath } from '../../http/operator-paths.ts'
import type { Clock } from '../../ports/clock.ts'
import { ConfigError, type Config } from '../config.ts'
import { openSingleSignOn } from '../single-sign-on.ts'
import { silentLog } from '../system.ts'
import { fail, ok, reasonOf, warn, type Finding } from './finding.ts'

/**
 * Reads the secret and asks the provider for its metadata. Whether it accepts the client, only a
 * sign-in shows.
 */
export async function examineSingleSignOn(config: Config, clock: Clock): Promise<Finding> {
  const check = 'settings.single-sign-on'
  try {
    const provider = await openSingleSignOn(config, clock, silentLog)
    if (provider === undefined) return ok(check, 'none: operators have passwords and passkeys')
    const begun = await provider.begin()
    const redirectUri = config.issuer + signOnCallbackPath
    if (begun.kind === 'begun') {
      return ok(check, `${provider.issuer}, which must know ${redirectUri} as a redirect URI`)
    }
    const measured = `${provider.issuer}: ${begun.reason}`
    return warn(check, measured, 'until it answers, operators sign in with a password')
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return fail(check, reasonOf(error), 'a server refuses to start: correct the setting')
  }
}
