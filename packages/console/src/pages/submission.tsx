/** The button that ends something, and what is known of the call: stored, refused, or unknown. */
import { ConnectionError, type RevocationOptions, type WireRevocation } from 'outright/client'
import { useRef, useState } from 'preact/hooks'
import { api, signInAddress, troubleOf, type Trouble } from '../lib/api.ts'
import { sayTrouble } from '../ui/say-trouble.ts'
import { useWords } from '../words/index.ts'
import { endsAnew, targetOf, type Target } from './ending.ts'

type Phase =
  | { readonly kind: 'ready' }
  | { readonly kind: 'working' }
  | { readonly kind: 'refused'; readonly trouble: Trouble }
  /** No answer to a question before it: the request that ends something never left. */
  | { readonly kind: 'not-sent' }
  /** No answer came: it may have been stored, or not. */
  | { readonly kind: 'lost' }
  | { readonly kind: 'asking' }
  | { readonly kind: 'not-stored' }

interface Properties {
  readonly target: Target
  readonly options: Pick<RevocationOptions, 'reason' | 'note'>
  readonly isReady: boolean
  readonly label: string
  readonly onStored: (id: string) => void
}

export function Submission({ target, options, isReady, label, onStored }: Properties) {
  const { end: words, states } = useWords()
  const [phase, setPhase] = useState<Phase>({ kind: 'ready' })
  /** The newest entry of this kind before the call: what is newer came with it or after it. */
  const before = useRef<string | undefined>(undefined)

  const submit = async (): Promise<void> => {
    setPhase({ kind: 'working' })
    try {
      before.current = (await newest(target))?.id
    } catch (error) {
      const trouble = troubleOf(error)
      setPhase(trouble.kind === 'offline' ? { kind: 'not-sent' } : { kind: 'refused', trouble })
      return
    }
    await send()
  }

  const send = async (): Promise<void> => {
    setPhase({ kind: 'working' })
    try {
      const { revocation } = await end(target, options)
      onStored(revocation.id)
    } catch (error) {
      const isLost = error instanceof ConnectionError
      setPhase(isLost ? { kind: 'lost' } : { kind: 'refused', trouble: troubleOf(error) })
    }
  }

  const ask = async (): Promise<void> => {
    setPhase({ kind: 'asking' })
    try {
      const found = await newest(target)
      if (found !== undefined && found.id !== before.current) onStored(found.id)
      else setPhase({ kind: 'not-stored' })
    } catch {
      setPhase({ kind: 'lost' })
    }
  }

  if (phase.kind === 'lost' || phase.kind === 'asking') {
    const isAsking = phase.kind === 'asking'
    return <Lost isAsking={isAsking} endsMore={endsAnew(target)} ask={ask} again={send} />
  }
  return (
    <>
      {phase.kind === 'refused' && (
        <div class="banner bad" role="alert">
          <p>{sayTrouble(phase.trouble, states)}</p>
          {phase.trouble.kind === 'signed-out' && (
            <a class="button" href={signInAddress()}>
              {states.signIn}
            </a>
          )}
        </div>
      )}
      {phase.kind === 'not-sent' && (
        <p class="banner bad" role="alert">
          {words.notSent}
        </p>
      )}
      {phase.kind === 'not-stored' && (
        <p class="banner" role="alert">
          {words.notStored}
        </p>
      )}
      <div class="row">
        <button
          type="button"
          class="button danger"
          disabled={!isReady || phase.kind === 'working'}
          onClick={() => {
            void submit()
          }}
        >
          {phase.kind === 'working' ? words.working : label}
        </button>
      </div>
    </>
  )
}

/** What can be done where the answer was lost: look, or do it again. */
function Lost({
  isAsking,
  endsMore,
  ask,
  again,
}: {
  readonly isAsking: boolean
  /** Doing it again also ends what was opened meanwhile. */
  readonly endsMore: boolean
  readonly ask: () => Promise<void>
  readonly again: () => Promise<void>
}) {
  const { end: words } = useWords()
  const button = (label: string, act: () => Promise<void>) => (
    <button
      type="button"
      class="button"
      disabled={isAsking}
      onClick={() => {
        void act()
      }}
    >
      {label}
    </button>
  )
  return (
    <div class="banner bad" role="alert">
      <p>
        <strong>{words.lostTitle}.</strong> {words.lost}{' '}
        {endsMore ? words.againEndsMore : words.againIsSafe}
      </p>
      {button(isAsking ? words.asking : words.ask, ask)}
      {button(words.again, again)}
    </div>
  )
}

/** Answers once it is stored: the board shows how it is confirmed. */
function end(target: Target, { reason, note }: Properties['options']) {
  if (target.scope === 'key') return api.removeKey(target.key, { wait: false })
  return api.revoke({
    ...targetOf(target),
    ...(reason === undefined ? {} : { reason }),
    ...(note === undefined || note === '' ? {} : { note }),
    wait: false,
  })
}

async function newest({ scope, key, issuer }: Target): Promise<WireRevocation | undefined> {
  const named = scope === 'everyone' ? '*' : key
  const inLog = scope === 'key' ? 'signing_key' : scope
  const filter = { scope: inLog, key: named } as const
  const { items } = await api.revocations(filter, { pageSize: 20 }).page()
  return items.find((entry) => (issuer === undefined) === (entry.issuer === ''))
}
