/** The command palette: go to a page, find a person, end a session, by keyboard. */
import type { WireSubject } from 'outright/client'
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { api } from '../lib/api.ts'
import { address, navigate } from '../lib/router.ts'
import { useMay } from '../lib/me.ts'
import { Icon, type IconName } from '../ui/icon.tsx'
import { useWords, type Words } from '../words/index.ts'
import { areas } from './navigation.ts'

interface Command {
  readonly text: string
  readonly kind: string
  readonly icon: IconName
  readonly to: string
}

/** UUIDs in base64url, as sessions have them. */
const sid = /^[\w-]{20,40}$/

const PAUSE_MS = 200

/** The person of whom this is the username, the email address or the phone number. */
async function findPerson(text: string): Promise<WireSubject | undefined> {
  const by = text.includes('@') ? 'email' : /^\+?[\d ]+$/.test(text) ? 'phone' : 'username'
  const { items } = await api.subjects({ [by]: text }).page()
  return items[0]
}

/** Looks once nothing was typed for a moment; undefined as well where the answer does not come. */
function usePerson(typed: string): WireSubject | undefined {
  const text = typed.trim()
  const [found, setFound] = useState<{ readonly text: string; readonly person?: WireSubject }>()
  useEffect(() => {
    if (text === '') return undefined
    const timer = setTimeout(() => {
      findPerson(text).then(
        (person) => {
          setFound(person === undefined ? { text } : { text, person })
        },
        () => {
          setFound(undefined)
        },
      )
    }, PAUSE_MS)
    return () => {
      clearTimeout(timer)
    }
  }, [text])
  return found?.text === text ? found.person : undefined
}

function commandsFor(
  typed: string,
  words: Words,
  mayEnd: boolean,
  person: WireSubject | undefined,
): readonly Command[] {
  const text = typed.trim()
  const wanted = text.toLowerCase()
  const { palette, nav } = words
  const go = areas
    .map((area) => ({
      text: nav[area.name],
      kind: palette.go,
      icon: area.icon,
      to: address([area.path]),
    }))
    .filter((command) => command.text.toLowerCase().includes(wanted))
  if (text === '') return go
  const find = (parameter: string, label: string, icon: IconName, value = text): Command => ({
    text: label,
    kind: palette.find,
    icon,
    to: address(['sessions'], { [parameter]: value }),
  })
  // By what a person is called where one was found; what was typed may be an id as well.
  const key = person?.id ?? text
  const called = person === undefined || person.name === '' ? key : `${person.name} (${key})`
  const isAddress = /^[\da-f:.]+$/i.test(text) && /[.:]/.test(text)
  return [
    ...go,
    ...(isAddress ? [find('address', palette.address(text), 'search')] : []),
    find('subject', palette.person(called), 'people', key),
    ...(sid.test(text)
      ? [
          {
            text: palette.session(text),
            kind: palette.go,
            icon: 'sessions' as const,
            to: address(['sessions', text]),
          },
        ]
      : []),
    find('client', palette.client(text), 'clients'),
    find('device', palette.device(text), 'device'),
    ...(mayEnd
      ? [
          {
            text: palette.endPerson(called),
            kind: palette.do,
            icon: 'end' as const,
            to: address(['end'], { scope: 'subject', key }),
          },
        ]
      : []),
  ]
}

export function Palette({ onClose }: { readonly onClose: () => void }) {
  const words = useWords()
  const dialog = useRef<HTMLDialogElement>(null)
  const mayEnd = useMay('operator')
  const [typed, type] = useState('')
  const [chosen, choose] = useState(0)
  const person = usePerson(typed)
  const commands = useMemo(
    () => commandsFor(typed, words, mayEnd, person),
    [typed, words, mayEnd, person],
  )
  useEffect(() => {
    dialog.current?.showModal()
  }, [])
  useEffect(() => {
    dialog.current?.querySelector('[aria-selected=true]')?.scrollIntoView({ block: 'nearest' })
  }, [chosen])
  const run = (command: Command | undefined): void => {
    if (command === undefined) return
    onClose()
    navigate(command.to)
  }
  const onKey = (event: KeyboardEvent): void => {
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault()
      const step = event.key === 'ArrowDown' ? 1 : -1
      choose((chosen + step + commands.length) % Math.max(1, commands.length))
    } else if (event.key === 'Enter') {
      event.preventDefault()
      run(commands[chosen])
    }
  }
  return (
    <dialog
      ref={dialog}
      class="palette"
      aria-label={words.palette.title}
      onClose={onClose}
      onClick={(event) => {
        if (event.target === dialog.current) onClose()
      }}
    >
      <input
        role="combobox"
        aria-expanded="true"
        aria-controls="palette-list"
        aria-label={words.palette.hint}
        {...(commands.length > 0 ? { 'aria-activedescendant': `palette-${String(chosen)}` } : {})}
        placeholder={words.palette.hint}
        autocomplete="off"
        spellcheck={false}
        value={typed}
        onInput={(event) => {
          type(event.currentTarget.value)
          choose(0)
        }}
        onKeyDown={onKey}
      />
      <ul role="listbox" id="palette-list" aria-label={words.palette.title}>
        {commands.map((command, index) => (
          <li
            key={command.to + command.text}
            id={`palette-${String(index)}`}
            role="option"
            aria-selected={index === chosen}
            onPointerMove={() => {
              choose(index)
            }}
            onClick={() => {
              run(command)
            }}
          >
            <Icon name={command.icon} />
            <span>{command.text}</span>
            <small class="soft">{command.kind}</small>
          </li>
        ))}
      </ul>
    </dialog>
  )
}
