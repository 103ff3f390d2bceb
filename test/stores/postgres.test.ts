import { after } from 'node:test'
import { storeContract } from '../../src/stores/contract.ts'
import { startPostgres } from '../../src/testing/postgres.ts'
import { temporaryPostgres } from './temporary-postgres.ts'

// What survives a crash is tried in postgres-crash.test.ts, on servers that write to the disk.
const server = await startPostgres({ settings: { fsync: 'off' } })
after(() => server.stop())

storeContract('PostgreSQL', () => temporaryPostgres(server))
