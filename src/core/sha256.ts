import { hash } from 'node:crypto'
import type { Digest } from '../domain/chain.ts'

/** What entries and checkpoints are hashed with. */
export const sha256: Digest = (text) => hash('sha256', text, 'base64url')
