import { useState } from 'preact/hooks'
import { troubleOf } from '../lib/api.ts'
import { useMay, type Role } from '../lib/me.ts'
import { useWords } from '../words/index.ts'

/** A button that changes something, and says so where it did not. */
export function Action({
  label,
  role,
  act,
  tone = '',
}: {
  readonly label: string
  readonly role: Role
  readonly act: () => Promise<void>
  readonly tone?: 'danger' | 'primary' | ''
}) {
  const { states, shell } = useWords()
  const [phase, setPhase] = useState<'ready' | 'working'>('ready')
  const [wrong, setWrong] = useState('')
  const may = useMay(role)
  const run = async (): Promise<void> => {
    setPhase('working')
    try {
      await act()
      setWrong('')
    } catch (error) {
      const trouble = troubleOf(error)
      // Without an answer nothing is known: the page that is shown anew says how it is.
      setWrong(trouble.kind === 'refused' ? trouble.message : states.offlineTitle)
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
