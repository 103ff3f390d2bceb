import type { Core } from '../core/core.ts'
import { addressMatcher } from '../http/client-address.ts'
import { ADOBE_PASS, LOGOUT_CALLBACK_PATH, viewerOf } from '../http/dialects/adobe-pass/index.ts'
import { OAUTH, oauthClientOf } from '../http/oauth-client.ts'
import type { Clock } from '../ports/clock.ts'
import type { ConfiguredReceiver, Receiver } from '../ports/delivery.ts'
import { createBackchannelReceiver } from '../receivers/backchannel.ts'
import { createExchange, type ExchangeOptions } from '../receivers/exchange.ts'
import { createMvpdReceiver } from '../receivers/mvpd/index.ts'
import { createPost, type Post } from '../receivers/post.ts'
import { createProviderReceiver } from '../receivers/providers/index.ts'
import { filledIn } from '../settings/read.ts'
import type { Config } from './config.ts'

/** What telling relying parties asks of the core. */
type RelyingPartyCore = Pick<Core, 'clients' | 'signLogoutToken'>

/**
 * Every kind of receiver that is told of what ended: TV providers, relying parties, identity
 * providers, and the installation's own.
 *
 * @param core Called when a message is sent: the core itself is made from what this returns.
 */
export function openReceivers(
  config: Config,
  clock: Clock,
  core: () => RelyingPartyCore,
): readonly Receiver[] {
  const provider = createProviderReceiver({
    issuers: config.issuers.flatMap(({ name, issuer, tell }) =>
      tell === undefined ? [] : [{ name, issuer, tell }],
    ),
    // The operator has named each address beside the credentials that it gets.
    exchange: createExchange({ isListed: () => true, setting: 'issuers' }),
    clock,
  })
  const context = { clock, post: postOf(config, clock) }
  const own = config.receivers.map(({ receiver, options = {} }) =>
    receiver.create(context, filledIn(receiver.options, options, config.demo)),
  )
  return [openMvpds(config, clock), openBackchannel(config, clock, core), provider, ...own]
}

function openMvpds(config: Config, clock: Clock): Receiver {
  return createMvpdReceiver({
    providers: config.dialects.adobePass.options.mvpds ?? [],
    dialect: ADOBE_PASS,
    viewerOf,
    exchange: createExchange(guardedBy(config)),
    nowMs: () => clock.nowMs(),
    newId: () => crypto.randomUUID(),
    returnUrl: config.issuer + config.dialects.adobePass.prefix + LOGOUT_CALLBACK_PATH,
  })
}

function openBackchannel(config: Config, clock: Clock, core: () => RelyingPartyCore): Receiver {
  return createBackchannelReceiver({
    dialect: OAUTH,
    async addressOf(id) {
      const client = oauthClientOf(await core().clients.find({ by: 'id', value: id }))
      return client?.metadata.backchannel_logout_uri
    },
    registered: (after, limit) => relyingParties(core(), after, limit),
    sign: (statement) => core().signLogoutToken(statement),
    post: postOf(config, clock),
  })
}

/** At least so many of those that are told, behind a client id, where there are so many. */
async function relyingParties({ clients }: RelyingPartyCore, after: string, limit: number) {
  const found: Omit<ConfiguredReceiver, 'standard'>[] = []
  for (let last: string | undefined = after; last !== undefined && found.length < limit;) {
    const page = await clients.listTold(last, limit)
    const known = page.map(oauthClientOf).filter((client) => client !== undefined)
    for (const { id: name, name: title, metadata } of known) {
      const url = metadata.backchannel_logout_uri
      if (url !== undefined) found.push({ name, title, url })
    }
    last = page.length < limit ? undefined : page.at(-1)?.id
  }
  return found
}

function postOf(config: Config, clock: Clock): Post {
  return createPost({ ...guardedBy(config), nowMs: () => clock.nowMs() })
}

/** What is sent or asked for others goes to these addresses alone. */
export function guardedBy({
  allowedPrivateAddresses,
}: Pick<Config, 'allowedPrivateAddresses'>): ExchangeOptions {
  return {
    isListed: addressMatcher(allowedPrivateAddresses),
    setting: 'allowedPrivateAddresses',
  }
}
