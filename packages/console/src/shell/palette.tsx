/** The command palette: go to a page, find a person, end a session, by keyboard. */
import type { WireSubject } from 'outright/client'
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { api } from '../lib/api.ts'
import { address, navigate } from '../lib/router.ts'
import { useMay } from '../lib/me.ts'
import { Icon, type IconName } from '../ui/icon.tsx'
import { nameAndId } from '../ui/named.tsx'
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

const MAX_PEOPLE = 4

/** First whose username it is, then those of whom a part of a name is like it. */
async function findPeople(text: string): Promise<readonly WireSubject[]> {
  const pages = await Promise.all([
    api.subjects({ username: text }).page(),
    api.subjects({ search: text }, { pageSize: MAX_PEOPLE }).page(),
  ])
  const found = new Map(pages.flatMap(({ items }) => items).map((one) => [one.id, one]))
  return [...found.values()].slice(0, MAX_PEOPLE)
}

const noPeople: readonly WireSubject[] = []

/** Searches after a pause in typing; without an answer the result is empty. */
function usePeople(typed: string): readonly WireSubject[] {
  const text = typed.trim()
  const [found, setFound] = useState<{
    readonly text: string
    readonly people: readonly WireSubject[]
  }>()
  useEffect(() => {
    if (text === '') return undefined
    const timer = setTimeout(() => {
      findPeople(text).then(
        (people) => {
          setFound({ text, people })
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
  return found?.text === text ? found.people : noPeople
}

function commandsFor(
  typed: string,
  words: Words,
  mayEnd: boolean,
  people: readonly WireSubject[],
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
  // A search for people in a large directory has more pages than the one that is shown here.
  const findMore: Command = {
    text: palette.people(text),
    kind: palette.find,
    icon: 'people',
    to: address(['people'], { search: text }),
  }
  // Where no person was found, the text may be the id of a person of another API.
  const persons = people.length === 0 ? [{ id: text, name: '' }] : people
  const named = persons.map(({ id, name }) => ({
    key: id,
    called: nameAndId(name, id),
  }))
  const isAddress = /^[\da-f:.]+$/i.test(text) && /[.:]/.test(text)
  return [
    ...go,
    ...(isAddress ? [find('address', palette.address(text), 'search')] : []),
    ...named.map(({ key, called }) => find('subject', palette.person(called), 'people', key)),
    findMore,
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
      ? named.map(({ key, called }) => ({
          text: palette.endPerson(called),
          kind: palette.do,
          icon: 'end' as const,
          to: address(['end'], { scope: 'subject', key }),
        }))
      : []),
  ]
}

export function Palette({ onClose }: { readonly onClose: () => void }) {
  const words = useWords()
  const dialog = useRef<HTMLDialogElement>(null)
  const mayEnd = useMay('operator')
  const [typed, type] = useState('')
  const [chosen, choose] = useState(0)
  const people = usePeople(typed)
  const commands = useMemo(
    () => commandsFor(typed, words, mayEnd, people),
    [typed, words, mayEnd, people],
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
