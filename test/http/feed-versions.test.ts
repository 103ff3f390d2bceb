/** Guards and nodes of neighbouring releases, over real WebSockets: one side knows one version more. */
import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, suite, test } from 'node:test'
import type { FeedConnection } from '../../src/feed/connection.ts'
import { createFeedSockets } from '../../src/feed/websocket.ts'
import { webSocketTransport } from '../../src/guard/transport.ts'
import { closeCodes, feedVersion, feedVersions } from '../../src/protocol/feed.ts'
import { systemClock } from '../../src/server/system.ts'

/** Made up: of a release after this one. */
const later = feedVersion + 7

const servers: Server[] = []
after(() => {
  for (const server of servers) {
    server.closeAllConnections()
    server.close()
  }
})

interface Node {
  readonly url: string
  readonly accepted: FeedConnection[]
}

/** The feed of a node that speaks these versions. */
async function node(versions: readonly number[]): Promise<Node> {
  const accepted: FeedConnection[] = []
  const hub = {
    accept(connection: FeedConnection) {
      accepted.push(connection)
      return { frame() {}, closed() {} }
    },
  }
  const sockets = createFeedSockets({
    hub: hub as never,
    authenticate: () => 'orders',
    clock: systemClock,
    versions,
  })
  const server = createServer()
  servers.push(server)
  server.on('upgrade', (request, socket, head) => sockets.upgrade(request, socket, head))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, accepted }
}

/** What becomes of a guard's connection: the version that was agreed, or why it ended. */
function connect(url: string, versions: readonly number[]): Promise<number | string> {
  return new Promise((resolve) => {
    const socket = webSocketTransport(versions)(
      { server: url, credential: 'credential' },
      {
        opened: (version) => {
          resolve(version ?? 'no version was named')
          socket.close(closeCodes.goingAway, 'done')
        },
        frame: () => undefined,
        closed: (_code, reason) => resolve(reason),
      },
    )
  })
}

suite('a feed between releases', () => {
  let here: Node
  let newer: Node
  let newest: Node
  before(async () => {
    here = await node(feedVersions)
    newer = await node([later, ...feedVersions])
    newest = await node([later])
  })

  const versionsAt = ({ accepted }: Node): readonly unknown[] =>
    accepted.splice(0).map(({ version }) => version)

  test('a node that knows one version more speaks that of this guard', async () => {
    assert.equal(await connect(newer.url, feedVersions), feedVersion)
    assert.deepEqual(versionsAt(newer), [feedVersion])
  })

  test('a guard that knows one version more speaks that of this node', async () => {
    assert.equal(await connect(here.url, [later, ...feedVersions]), feedVersion)
    assert.deepEqual(versionsAt(here), [feedVersion])
  })

  test('both speak the newer one where both know it, whatever the order of the offer', async () => {
    assert.equal(await connect(newer.url, [...feedVersions, later]), later)
    assert.deepEqual(versionsAt(newer), [later])
  })

  test('where none is common the guard is refused before it can say anything', async () => {
    assert.equal(typeof (await connect(newest.url, feedVersions)), 'string')
    assert.equal(typeof (await connect(here.url, [later])), 'string')
    assert.deepEqual([versionsAt(newest), versionsAt(here)], [[], []])
  })
})
