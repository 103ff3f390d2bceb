import type { GuardClock } from './clock.ts'
import { Feed, type FeedSource } from './feed.ts'

/**
 * The feeds that this process follows. This is the only observable state at module level:
 * `createGuard` is called wherever an application has a route to guard, and those places know
 * nothing of each other. It is kept by clock, so that every process of a simulation has its own,
 * and gone with it.
 */
const openFeeds = new WeakMap<GuardClock, Set<Feed>>()

/**
 * The feed that a guard has to join: one that others follow, where they agree in everything that
 * makes a difference to it, or a new one. What is a function or an object has to be the same one:
 * two of them cannot be compared.
 */
export function feedOf(source: FeedSource): Feed {
  const feeds = openFeeds.get(source.clock) ?? new Set()
  openFeeds.set(source.clock, feeds)
  for (const feed of feeds) if (isSame(feed.source, source)) return feed
  const feed: Feed = new Feed(source, () => feeds.delete(feed))
  feeds.add(feed)
  return feed
}

function isSame(one: FeedSource, other: FeedSource): boolean {
  const options = Object.keys(one) as (keyof FeedSource)[]
  return options.every((option) => one[option] === other[option])
}
