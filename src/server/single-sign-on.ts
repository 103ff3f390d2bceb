/** The identity provider of operators, as this node calls it. */
import { readFile } from 'node:fs/promises'
import { systemReason } from '../domain/system-error.ts'
import { signOnCallbackPath } from '../http/operator-paths.ts'
import type { SingleSignOn } from '../http/node-view.ts'
import type { SingleSignOnSettings } from '../http/surfaces/operators/options.ts'
import { createRelyingParty } from '../issuers/relying-party.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import { createExchange } from '../receivers/exchange.ts'
import { ConfigError, type Config } from './config.ts'
import { guardedBy } from './receivers.ts'

/** A person waits for it. */
const WITHIN_MS = 10_000

/**
 * Makes this server a client of the provider that the configuration names. It asks it nothing yet:
 * a provider that is down keeps no server from starting.
 *
 * @returns Undefined where none is named.
 * @throws {ConfigError} Where the secret cannot be read.
 */
export async function openSingleSignOn(
  config: Config,
  clock: Clock,
  log: Log,
): Promise<SingleSignOn | undefined> {
  const settings = config.operators.singleSignOn
  if (settings === undefined) return undefined
  const { issuer, clientId, scopes, roles } = settings
  const party = createRelyingParty({
    issuer,
    clientId,
    clientSecret: await readClientSecret(settings),
    scopes,
    groupsClaim: roles?.claim,
    redirectUri: config.issuer + signOnCallbackPath,
    withinMs: WITHIN_MS,
    toOwnOrigin: createExchange({ isListed: () => true, setting: 'operators.singleSignOn' }),
    elsewhere: createExchange(guardedBy(config)),
    clock,
    log,
  })
  return { issuer, ...party }
}

async function readClientSecret({
  clientSecret,
  clientSecretFile,
}: SingleSignOnSettings): Promise<string> {
  if (clientSecretFile === undefined) return clientSecret ?? ''
  const secret = await readFile(clientSecretFile, 'utf8').catch((error: unknown) => {
    const reason = systemReason(error) ?? 'unknown'
    const name = 'operators.singleSignOn.clientSecretFile'
    throw new ConfigError(`Cannot read ${name} ${clientSecretFile}: ${reason}`)
  })
  if (secret.trim() === '') {
    throw new ConfigError('Cannot use operators.singleSignOn.clientSecretFile: it is empty')
  }
  return secret.trim()
}
