/** The texts of `/logged-out` while the browser notifies clients, in each language. */
import type { Language } from './words.ts'

const en = {
  done: 'Your session has ended, and nothing that belongs to it is accepted any more.',
  asked: 'This page has also asked these applications to forget you in this browser:',
  unknown: 'It cannot see whether they did. Close their windows to be sure.',
  goOn: 'Continue',
}

type LoggedOutWords = Readonly<typeof en>

const pt: LoggedOutWords = {
  done: 'A sua sessão terminou e nada do que lhe pertence é aceite.',
  asked: 'Esta página também pediu a estas aplicações que o esqueçam neste navegador:',
  unknown: 'Não consegue ver se o fizeram. Para ter a certeza, feche as janelas delas.',
  goOn: 'Continuar',
}

const es: LoggedOutWords = {
  done: 'Su sesión se ha cerrado y ya no se acepta nada de lo que le pertenece.',
  asked: 'Esta página también ha pedido a estas aplicaciones que le olviden en este navegador:',
  unknown: 'No puede ver si lo han hecho. Para estar seguro, cierre sus ventanas.',
  goOn: 'Continuar',
}

export const loggedOutWords: Readonly<Record<Language, LoggedOutWords>> = { en, pt, es }
