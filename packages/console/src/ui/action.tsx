import { useState } from 'preact/hooks'
import { isOffline, troubleOf } from '../lib/api.ts'
import { useMay, type Role } from '../lib/me.ts'
import { useWords } from '../words/index.ts'
import { sayTrouble } from './say-trouble.ts'

/** A button that changes something, and says what is known where no good answer came. */
export function Action({
  label,
  role,
  act,
  onLost,
  tone = '',
}: {
  readonly label: string
  readonly role: Role
  readonly act: () => Promise<void>
  /** It may have been done: shows anew how it is. */
  readonly onLost: () => void
  readonly tone?: 'danger' | 'primary' | 'small' | ''
}) {
  const { states, shell } = useWords()
  const [phase, setPhase] = useState<'ready' | 'working'>('ready')
  const [wrong, setWrong] = useState('')
  const may = useMay(role)
  const run = async (): Promise<void> => {
    if (isOffline()) {
      setWrong(states.notSent)
      return
    }
    setPhase('working')
    try {
      await act()
      setWrong('')
    } catch (error) {
      const trouble = troubleOf(error)
      setWrong(trouble.kind === 'offline' ? states.lost : sayTrouble(trouble, states))
      if (trouble.kind === 'offline') onLost()
    } finally {
      setPhase('ready')
    }
  }
  return (
    <>
      <button
        type="button"
        class={`button ${tone}`}
        disabled={!may || phase === 'working'}
        title={may ? undefined : states.needs(shell.roles[role])}
        onClick={() => {
          void run()
        }}
      >
        {label}
      </button>
      {wrong !== '' && (
        <p class="banner bad" role="alert">
          {wrong}
        </p>
      )}
    </>
  )
}
