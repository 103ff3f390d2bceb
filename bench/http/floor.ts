/** Servers that do nothing: what the client, and what Fastify, can do at most. */
import { createServer, type AddressInfo } from 'node:net'
import Fastify from 'fastify'
import { answerTasks } from './child.ts'
import { watchTasks } from './watch.ts'

const NULL_ANSWER = Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')

answerTasks({ ...watchTasks(), start })

async function start({ kind }: { readonly kind: 'null' | 'fastify' }): Promise<number> {
  return kind === 'null' ? listenNull() : listenFastify()
}

/** Answers every packet: the bench's requests are small enough to come in one. */
function listenNull(): Promise<number> {
  const server = createServer({ noDelay: true }, (socket) => {
    socket.on('data', () => socket.write(NULL_ANSWER))
    socket.on('error', () => socket.destroy())
  })
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      resolve((server.address() as AddressInfo).port)
    })
  })
}

async function listenFastify(): Promise<number> {
  const app = Fastify()
  app.get('/outright/v1/check', (_request, reply) => reply.code(200).send())
  await app.listen({ host: '127.0.0.1', port: 0 })
  return (app.server.address() as AddressInfo).port
}
