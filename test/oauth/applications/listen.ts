import type { Server } from 'node:http'
import type { Application, Place } from './application.ts'

export async function listenAt(server: Server, { url, port }: Place): Promise<Application> {
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  return {
    url,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve()
        })
        server.closeAllConnections()
      }),
  }
}
