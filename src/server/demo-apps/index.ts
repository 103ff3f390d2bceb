/**
 * The demo's three applications: servers of their own, each behind a real guard that follows this
 * node's log as any other does. They are there to be watched: who is logged out is refused by all
 * three before the logout is answered. They own their ports and their guards, and share nothing
 * with the node but the credential of the demo's guard.
 */
import { createServer, type Server } from 'node:http'
import { createGuard, type Guard } from '../../guard/index.ts'
import type { DemoApp } from '../../http/node-view.ts'
import { DEMO_GUARD_CREDENTIAL } from '../../http/surfaces/feed/index.ts'
import type { Log } from '../../ports/log.ts'
import { closeNow, listenBeside } from '../demo-ports.ts'
import { answerFor } from './answers.ts'

export interface DemoApps {
  /** Those that are listening. */
  list(): readonly DemoApp[]
  /**
   * Makes them listen at free ports, and their guards follow a node. Resolves when all of them do.
   *
   * @param node Where the node listens.
   */
  start(node: string): Promise<void>
  close(): Promise<void>
}

const names = ['Shop', 'Mail', 'Photos']

interface Running extends DemoApp {
  readonly guard: Guard
  readonly server: Server
}

export function createDemoApps(log: Log): DemoApps {
  const running: Running[] = []
  let isClosed = false

  async function startOne(name: string, node: string): Promise<void> {
    // A name of its own makes each a verifier of its own, with its own connection and replica.
    const guard = createGuard({
      server: node,
      credential: DEMO_GUARD_CREDENTIAL,
      name: `demo-${name.toLowerCase()}`,
      log: { ...log, info: () => undefined },
    })
    const server = createServer(answerFor(name, guard))
    const one = { name, url: await listenBeside(server, node), guard, server }
    if (isClosed) return closeOne(one)
    running.push(one)
    await guard.ready()
  }

  return {
    list: () => running.map(({ name, url }) => ({ name, url })),
    async start(node) {
      try {
        await Promise.all(names.map((name) => startOne(name, node)))
      } catch (error) {
        // Closed while they were starting: they are no longer needed.
        if (!isClosed) throw error
      }
    },
    async close() {
      isClosed = true
      await Promise.all(running.splice(0).map(closeOne))
    },
  }
}

async function closeOne({ guard, server }: Running): Promise<void> {
  guard.close()
  await closeNow(server)
}
