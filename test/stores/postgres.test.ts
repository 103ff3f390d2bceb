import { after } from 'node:test'
import { storeContract } from '../../src/stores/contract.ts'
import { startPostgres } from '../../src/testing/postgres.ts'
import { temporaryPostgres } from './temporary-postgres.ts'

const server = await startPostgres()
after(() => server.stop())

storeContract('PostgreSQL', () => temporaryPostgres(server))
