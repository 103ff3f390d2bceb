import type { Session, SessionStatus } from '../../../../domain/session.ts'
import { SIGN_ON_CLIENT, type SignOn } from '../browser.ts'
import type { OAuthService } from '../service.ts'
import { deviceName, type DeviceName } from './device-name.ts'

/** A login of the person who looks, as they may recognize it. */
export interface OwnDevice {
  readonly sid: string
  readonly name: DeviceName
  /** Names of the applications that are in it. */
  readonly apps: readonly string[]
  readonly address: string | undefined
  readonly openedAtMs: number
  /** When one of its applications came in or refreshed its token. */
  readonly lastSeenAtMs: number
  readonly isThis: boolean
}

export interface OwnDevices {
  /** This one first, then the newest. */
  readonly devices: readonly OwnDevice[]
  /** Whether there are more than are shown. */
  readonly hasMore: boolean
}

const SHOWN = 100

/** Where a person is logged in, as of now. */
export async function ownDevices(service: OAuthService, signOn: SignOn): Promise<OwnDevices> {
  const { items, hasMore } = await liveSessions(service, signOn)
  const names = await appNames(service, items)
  const devices = items.map((status) => deviceOf(status, names, signOn))
  return {
    devices: devices.toSorted((one, other) => Number(other.isThis) - Number(one.isThis)),
    hasMore,
  }
}

/** The live sessions of the person who is signed on: the newest, and this one. */
export async function liveSessions(
  { core, clock }: Pick<OAuthService, 'core' | 'clock'>,
  { subjectId, sid }: Pick<SignOn, 'subjectId' | 'sid'>,
): Promise<{ readonly items: readonly SessionStatus[]; readonly hasMore: boolean }> {
  const page = { limit: SHOWN, cursor: undefined }
  const filter = { subjectId, liveAtMs: clock.nowMs() }
  const { items, next } = await core.sessions.list(filter, page)
  const isThere = items.some(({ session }) => session.sid === sid)
  const own = isThere ? undefined : await core.sessions.status(sid)
  const isLive = own?.state === 'live'
  return { items: isLive ? [own, ...items] : items, hasMore: next !== undefined }
}

/** Those who are in a session, without the browser itself. */
function appsIn({ participants }: SessionStatus): readonly Session[] {
  return participants
    .filter(({ state, session }) => state === 'live' && session.clientId !== SIGN_ON_CLIENT)
    .map(({ session }) => session)
}

function deviceOf(
  status: SessionStatus,
  names: ReadonlyMap<string, string>,
  signOn: SignOn,
): OwnDevice {
  const { sid, createdAtMs, attributes } = status.session
  const apps = appsIn(status)
  return {
    sid,
    name: deviceName(textOf(attributes['userAgent'])),
    apps: [...new Set(apps.map(({ clientId }) => names.get(clientId) ?? clientId))],
    address: textOf(attributes['address']),
    openedAtMs: createdAtMs,
    lastSeenAtMs: status.lastSeenAtMs,
    isThis: sid === signOn.sid,
  }
}

/** What has been read of a session is what some version has written. */
function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

async function appNames(
  { core }: OAuthService,
  items: readonly SessionStatus[],
): Promise<ReadonlyMap<string, string>> {
  const ids = new Set(items.flatMap(appsIn).map(({ clientId }) => clientId))
  const named = [...ids].map(async (id) => {
    const client = await core.clients.find({ by: 'id', value: id })
    return [id, client?.name || id] as const
  })
  return new Map(await Promise.all(named))
}
