/** The options with which clients of OAuth are registered, each for one member of their metadata. */
import { readFile } from 'node:fs/promises'
import { Option, type Command } from 'commander'
import {
  authenticationMethods,
  grantTypes,
  type ClientMetadata,
  type ClientMetadataPatch,
} from '../protocol/client-metadata.ts'
import { parseStrictJson } from '../settings/strict-json.ts'
import { systemReason } from '../domain/system-error.ts'
import { CliError, exitCodes } from './exit.ts'

/** `backchannel_logout_session_required` is taken from libraries that send it, and changes nothing. */
type Member = Exclude<keyof ClientMetadata, 'backchannel_logout_session_required'>

/** A member of the metadata that has no option here does not compile. */
const options: Readonly<Record<Member, Option>> = {
  grant_types: new Option('--grant-type <type...>', 'what it may ask for tokens with').choices(
    grantTypes,
  ),
  scope: new Option('--scope <scopes>', 'scopes that it may have, with spaces between them'),
  token_endpoint_auth_method: new Option(
    '--auth-method <method>',
    'how it proves who it is',
  ).choices(authenticationMethods),
  jwks: new Option('--jwks <file>', 'its public keys, a JWK Set, for private_key_jwt'),
  jwks_uri: new Option('--jwks-uri <url>', 'where it publishes those keys'),
  post_logout_redirect_uris: new Option(
    '--post-logout-redirect <url...>',
    'where people may go after a logout',
  ),
  backchannel_logout_uri: new Option(
    '--backchannel-logout-uri <url>',
    'where it is told of logouts',
  ),
  frontchannel_logout_uri: new Option(
    '--frontchannel-logout-uri <url>',
    'what browsers load after a logout',
  ),
  frontchannel_logout_session_required: new Option(
    '--frontchannel-session',
    'tell that address which session ended',
  ),
  require_pushed_authorization_requests: new Option(
    '--require-par',
    'take only requests that it has pushed',
  ),
  dpop_bound_access_tokens: new Option('--dpop', 'give it only tokens that are bound to a key'),
  skip_consent: new Option('--skip-consent', 'do not ask people for their consent'),
}

const members = Object.entries(options) as readonly (readonly [Member, Option])[]

/** Adds the options. */
export function withMetadataOptions(command: Command): Command {
  for (const [, option] of members) command.addOption(option)
  return command
}

/** Adds `--remove`, by the same names. */
export function withRemoveOption(command: Command): Command {
  const names = members.map(([, option]) => option.name())
  return command.addOption(
    new Option('--remove <option...>', 'go back to what holds without that option').choices(names),
  )
}

/**
 * The members that a command line gives, and null for those that it removes.
 *
 * @throws {CliError} `usage` where a file cannot be read, or an option is given and removed.
 */
export async function metadataFrom(
  command: Command,
  removed: readonly string[] = [],
): Promise<ClientMetadataPatch> {
  const given: [Member, unknown][] = []
  for (const [member, option] of members) {
    const value = command.getOptionValue(option.attributeName()) as unknown
    const isRemoved = removed.includes(option.name())
    if (value !== undefined && isRemoved) {
      throw new CliError(exitCodes.usage, `--${option.name()} is both given and removed`)
    }
    if (isRemoved) given.push([member, null])
    else if (value !== undefined) {
      given.push([
        member,
        member === 'jwks' && typeof value === 'string' ? await readKeys(value) : value,
      ])
    }
  }
  // The server holds them against the schema of the metadata.
  return Object.fromEntries(given) as ClientMetadataPatch
}

async function readKeys(file: string): Promise<unknown> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    const reason = systemReason(error) ?? 'unknown'
    throw new CliError(exitCodes.usage, `cannot read the keys in ${file}: ${reason}`)
  }
  const keys = parsed(text)
  if (keys === undefined) throw new CliError(exitCodes.usage, `the keys in ${file} are not JSON`)
  // Checked before anything is sent: a private key stays on this machine. However a name is escaped
  // in the file, it is not here.
  if (/"(?:d|k|p|q)":/.test(JSON.stringify(keys))) {
    throw new CliError(
      exitCodes.usage,
      `the keys in ${file} are not public: leave out the private parts`,
    )
  }
  return keys
}

function parsed(text: string): unknown {
  try {
    return parseStrictJson(text)
  } catch {
    // The message of the parser would quote the file.
    return undefined
  }
}
