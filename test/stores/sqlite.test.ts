import { storeContract } from '../../src/stores/contract.ts'
import { temporarySqlite } from './temporary.ts'

storeContract('SQLite', temporarySqlite)
