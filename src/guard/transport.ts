import { credentialSubprotocolPrefix, feedPath, feedSubprotocol } from '../protocol/feed.ts'
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
  readonly opened: () => void
  readonly frame: (bytes: Uint8Array) => void
  /** Called once, also where it never opened. `code` is 1006 where the peer gave none. */
  readonly closed: (code: number, reason: string) => void
}

/** Opens a connection to the feed. Frames must arrive whole and in order, or the connection end. */
export type ConnectFeed = (target: FeedTarget, events: FeedSocketEvents) => FeedSocket

/**
 * Connects with the runtime's own WebSocket. It cannot set headers everywhere, so the credential
 * travels as an entry of the list of subprotocols: in a header, never in the URL. Where it does not
 * open, the cause is looked for, and told when it has been found.
 */
export const connectWebSocket: ConnectFeed = ({ server, credential }, events) => {
  const Socket = webSocketOfRuntime()
  if (!Socket) throw new TypeError('Cannot follow feed: the runtime has no WebSocket')
  const socket = new Socket(server.replace(/^http/, 'ws') + feedPath, [
    feedSubprotocol,
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
    state = 'open'
    events.opened()
  })
  socket.addEventListener('message', ({ data }: { data: unknown }) => {
    if (state === 'open' && data instanceof ArrayBuffer) events.frame(new Uint8Array(data))
  })
  // Node 22 says nothing more of a connection that could not be opened: no close event follows.
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
