import {
  closeCodes,
  commonFeedVersion,
  credentialSubprotocolPrefix,
  feedPath,
  feedSubprotocolOf,
  feedVersions,
} from '../protocol/feed.ts'
import { webSocketOfRuntime } from './runtime.ts'
import { whyUnreachable } from './unreachable.ts'

/** Where a guard connects. */
export interface FeedTarget {
  /** The server's URL, without a slash at the end. */
  readonly server: string
  readonly credential: string
}

export interface FeedSocket {
  send(frame: Uint8Array<ArrayBuffer>): void
  /** Ends the connection; `closed` is called for it, too, and nothing after that. */
  close(code: number, reason: string): void
}

export interface FeedSocketEvents {
  /**
   * @param version What both sides agreed to speak; the newest where the way names none.
   */
  readonly opened: (version?: number) => void
  readonly frame: (bytes: Uint8Array) => void
  /** Called once, also where it never opened. `code` is 1006 where the peer gave none. */
  readonly closed: (code: number, reason: string) => void
}

/** Opens a connection to the feed. Frames must arrive whole and in order, or the connection end. */
export type ConnectFeed = (target: FeedTarget, events: FeedSocketEvents) => FeedSocket

/** Connects with the runtime's own WebSocket, in the versions that this release speaks. */
export const connectWebSocket: ConnectFeed = webSocketTransport(feedVersions)

/**
 * A way to connect with the runtime's own WebSocket. It cannot set headers everywhere, so the
 * credential travels as an entry of the list of subprotocols: in a header, never in the URL. Where
 * it does not open, the cause is looked for, and told when it has been found.
 *
 * @param versions What is offered, the newest first: the server takes the highest that it knows.
 */
export function webSocketTransport(versions: readonly number[]): ConnectFeed {
  return (target, events) => connectWith(versions, target, events)
}

function connectWith(
  versions: readonly number[],
  { server, credential }: FeedTarget,
  events: FeedSocketEvents,
): FeedSocket {
  const Socket = webSocketOfRuntime()
  if (!Socket) throw new TypeError('Cannot follow feed: the runtime has no WebSocket')
  const socket = new Socket(server.replace(/^http/, 'ws') + feedPath, [
    ...versions.map(feedSubprotocolOf),
    credentialSubprotocolPrefix + base64url(credential),
  ])
  socket.binaryType = 'arraybuffer'
  let state: 'opening' | 'open' | 'failing' | 'ended' = 'opening'
  const end = (code: number, reason: string): void => {
    if (state === 'ended') return
    state = 'ended'
    events.closed(code, reason)
  }
  const failed = (): void => {
    if (state === 'open') return end(1006, 'the connection was lost')
    if (state !== 'opening') return
    state = 'failing'
    void whyUnreachable(server).then((cause) => {
      end(1006, cause)
    })
  }
  socket.addEventListener('open', () => {
    if (state !== 'opening') return
    const version = commonFeedVersion([socket.protocol], versions)
    if (version === undefined) {
      end(closeCodes.protocolError, 'the server agreed to no version of the feed')
      return socket.close()
    }
    state = 'open'
    events.opened(version)
  })
  socket.addEventListener('message', ({ data }: { data: unknown }) => {
    if (state === 'open' && data instanceof ArrayBuffer) events.frame(new Uint8Array(data))
  })
  // On Node 22 no close event follows for a connection that could not be opened.
  socket.addEventListener('error', failed)
  socket.addEventListener('close', ({ code, reason }: { code: number; reason: string }) => {
    if (state === 'open') end(code, reason)
    else failed()
  })
  return {
    send(frame) {
      if (socket.readyState === Socket.OPEN) socket.send(frame)
    },
    close(code, reason) {
      // The guard is done with it at once; the handshake of the close may take its time.
      const wasOpen = socket.readyState === Socket.OPEN
      end(code, reason)
      if (wasOpen) socket.close(code === 1001 ? 1000 : code, reason)
      else socket.close()
    },
  }
}

function base64url(text: string): string {
  const binary = String.fromCharCode(...new TextEncoder().encode(text))
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')
}
