/**
 * What is published, as a stranger gets it: the guard comes with `jose` and nothing else, and works
 * in whatever they run and build with; the server's package is what brings the rest.
 *
 * One process for all of it: the packages are built and packed once.
 */
import { after, before } from 'node:test'
import { startTestServer, type TestServer } from '../harness.ts'
import { describeCompilers } from './compilers.ts'
import { describeGuardPackage } from './contents.ts'
import { pack, type Packed } from './packed.ts'
import { describeRuntimes } from './runtimes.ts'
import { describeServerPackage } from './server-package.ts'

let packed: Packed
let server: TestServer

before(async () => {
  packed = await pack()
  // No lease ends because the machine is busy.
  server = await startTestServer({ oneNode: true, config: { leaseMs: 60_000 } })
})

after(async () => {
  await server.close()
  await packed.remove()
})

describeGuardPackage(() => packed)
describeServerPackage(() => packed)
describeCompilers(() => packed)
describeRuntimes(
  () => packed,
  () => server,
)
