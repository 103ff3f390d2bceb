/** What the pages say, in each language. */
import type { SurfaceRequest } from '../../surface.ts'
import { languageOf } from '../../language.ts'

const en = {
  /** BCP 47. */
  lang: 'en',
  signIn: 'Sign in',
  lead: 'to the console of this server',
  name: 'Name',
  password: 'Password',
  wrong: 'That did not work. Check what you typed and try again.',
  tooMany: 'Too many attempts. Wait a minute and try again.',
  signedOut: 'You are signed out.',
  setUp: 'Become an operator',
  setUpLead: 'Choose the name and the password that you will sign in with.',
  code: 'Code: what stands behind the # of the link',
  newName: 'Name',
  nameHint: 'lower-case letters, digits and . _ @ + -',
  newPassword: 'Password',
  passwordHint: 'at least 12 characters',
  create: 'Create and sign in',
  wrongCode: 'This link was used or has expired. Ask for another one.',
  wrongName: 'This name will not do: use lower-case letters, digits and . _ @ + -',
  wrongNewPassword: 'This password will not do: it needs 12 characters or more.',
  nameTaken: 'This name is taken. Choose another one.',
  usePasskey: 'Sign in with a passkey',
  or: 'or',
  signInWith: 'Sign in with',
  signOnProblems: {
    unreachable: 'Your identity provider does not answer. Try again in a moment.',
    refused: 'Your identity provider did not sign you in.',
    invalid:
      'The answer of your identity provider could not be verified. The server’s log says why.',
    expired: 'This sign-in took too long, or began in another browser. Try again.',
    unknown:
      'You are signed in at your identity provider, but you are not an operator of this server, or your e-mail address is not verified there. Ask an admin of this server.',
    'no-role':
      'You are signed in at your identity provider, but nothing there gives you a role on this server. Ask the person who manages your groups.',
    'name-taken':
      'Another operator of this server has your name and signs in with a password. Ask an admin of this server.',
  },
  passkeys: 'Your passkeys',
  passkeysLead:
    'A passkey signs you in with this device, a phone or a security key, without a password.',
  passkeysElsewhere: 'You sign in at your identity provider, which has passkeys of its own.',
  passkeysNotHere: 'Passkeys need a server with a name and TLS. This one has no such address.',
  addPasskey: 'Add a passkey',
  removePasskey: 'Remove',
  addedOn: 'Added on',
  lastUsed: 'Last used',
  neverUsed: 'never',
  wrongPasskey: 'That did not work with this passkey. Try again, or use the password.',
  toConsole: 'To the console',
  failed: 'That did not work',
  again: 'Nothing was changed. Try again in a moment.',
}

export type Words = Readonly<typeof en>

/** What may go wrong with single sign-on; `problem` in the address of the sign-in page. */
export type SignOnProblem = keyof Words['signOnProblems']

export const signOnProblems = Object.keys(en.signOnProblems) as readonly SignOnProblem[]

const pt: Words = {
  lang: 'pt',
  signIn: 'Entrar',
  lead: 'na consola deste servidor',
  name: 'Nome',
  password: 'Palavra-passe',
  wrong: 'Não funcionou. Verifique o que escreveu e tente de novo.',
  tooMany: 'Demasiadas tentativas. Espere um minuto e tente de novo.',
  signedOut: 'A sessão terminou.',
  setUp: 'Tornar-se operador',
  setUpLead: 'Escolha o nome e a palavra-passe com que vai entrar.',
  code: 'Código: o que está depois do # da ligação',
  newName: 'Nome',
  nameHint: 'letras minúsculas, algarismos e . _ @ + -',
  newPassword: 'Palavra-passe',
  passwordHint: 'pelo menos 12 caracteres',
  create: 'Criar e entrar',
  wrongCode: 'Esta ligação já foi usada ou expirou. Peça outra.',
  wrongName: 'Este nome não serve: use letras minúsculas, algarismos e . _ @ + -',
  wrongNewPassword: 'Esta palavra-passe não serve: precisa de 12 caracteres ou mais.',
  nameTaken: 'Alguém já tem este nome. Escolha outro.',
  usePasskey: 'Entrar com uma chave de acesso',
  or: 'ou',
  signInWith: 'Entrar com',
  signOnProblems: {
    unreachable: 'O seu fornecedor de identidade não responde. Tente de novo dentro de momentos.',
    refused: 'O seu fornecedor de identidade não o deixou entrar.',
    invalid:
      'A resposta do seu fornecedor de identidade não pôde ser verificada. O registo do servidor diz porquê.',
    expired: 'Esta entrada demorou demasiado ou começou noutro navegador. Tente de novo.',
    unknown:
      'Entrou no seu fornecedor de identidade, mas não é operador deste servidor, ou o seu endereço de e-mail não está verificado lá. Fale com um administrador deste servidor.',
    'no-role':
      'Entrou no seu fornecedor de identidade, mas nada lá lhe dá uma função neste servidor. Fale com quem gere os seus grupos.',
    'name-taken':
      'Outro operador deste servidor tem o seu nome e entra com palavra-passe. Fale com um administrador deste servidor.',
  },
  passkeys: 'As suas chaves de acesso',
  passkeysLead:
    'Com uma chave de acesso entra com este dispositivo, um telefone ou uma chave de segurança, sem palavra-passe.',
  passkeysElsewhere:
    'Entra no seu fornecedor de identidade, que tem as suas próprias chaves de acesso.',
  passkeysNotHere:
    'As chaves de acesso precisam de um servidor com nome e TLS. Este não tem um endereço assim.',
  addPasskey: 'Adicionar uma chave de acesso',
  removePasskey: 'Remover',
  addedOn: 'Adicionada em',
  lastUsed: 'Usada pela última vez',
  neverUsed: 'nunca',
  wrongPasskey: 'Não funcionou com esta chave de acesso. Tente de novo ou use a palavra-passe.',
  toConsole: 'Para a consola',
  failed: 'Não funcionou',
  again: 'Nada foi alterado. Tente de novo dentro de momentos.',
}

const es: Words = {
  lang: 'es',
  signIn: 'Iniciar sesión',
  lead: 'en la consola de este servidor',
  name: 'Nombre',
  password: 'Contraseña',
  wrong: 'No ha funcionado. Compruebe lo que ha escrito e inténtelo de nuevo.',
  tooMany: 'Demasiados intentos. Espere un minuto e inténtelo de nuevo.',
  signedOut: 'La sesión se ha cerrado.',
  setUp: 'Convertirse en operador',
  setUpLead: 'Elija el nombre y la contraseña con los que iniciará sesión.',
  code: 'Código: lo que sigue al # del enlace',
  newName: 'Nombre',
  nameHint: 'letras minúsculas, cifras y . _ @ + -',
  newPassword: 'Contraseña',
  passwordHint: 'al menos 12 caracteres',
  create: 'Crear e iniciar sesión',
  wrongCode: 'Este enlace ya se ha usado o ha caducado. Pida otro.',
  wrongName: 'Este nombre no sirve: use letras minúsculas, cifras y . _ @ + -',
  wrongNewPassword: 'Esta contraseña no sirve: necesita 12 caracteres o más.',
  nameTaken: 'Alguien ya tiene este nombre. Elija otro.',
  usePasskey: 'Iniciar sesión con una llave de acceso',
  or: 'o',
  signInWith: 'Iniciar sesión con',
  signOnProblems: {
    unreachable: 'Su proveedor de identidad no responde. Inténtelo de nuevo en un momento.',
    refused: 'Su proveedor de identidad no ha iniciado su sesión.',
    invalid:
      'No se ha podido verificar la respuesta de su proveedor de identidad. El registro del servidor dice por qué.',
    expired:
      'Este inicio de sesión tardó demasiado o empezó en otro navegador. Inténtelo de nuevo.',
    unknown:
      'Ha iniciado sesión en su proveedor de identidad, pero no es operador de este servidor, o su correo no está verificado allí. Hable con un administrador de este servidor.',
    'no-role':
      'Ha iniciado sesión en su proveedor de identidad, pero nada allí le da un rol en este servidor. Hable con quien gestiona sus grupos.',
    'name-taken':
      'Otro operador de este servidor tiene su nombre y entra con contraseña. Hable con un administrador de este servidor.',
  },
  passkeys: 'Sus llaves de acceso',
  passkeysLead:
    'Con una llave de acceso inicia sesión con este dispositivo, un teléfono o una llave de seguridad, sin contraseña.',
  passkeysElsewhere:
    'Inicia sesión en su proveedor de identidad, que tiene sus propias llaves de acceso.',
  passkeysNotHere:
    'Las llaves de acceso necesitan un servidor con nombre y TLS. Este no tiene una dirección así.',
  addPasskey: 'Añadir una llave de acceso',
  removePasskey: 'Quitar',
  addedOn: 'Añadida el',
  lastUsed: 'Usada por última vez',
  neverUsed: 'nunca',
  wrongPasskey:
    'No ha funcionado con esta llave de acceso. Inténtelo de nuevo o use la contraseña.',
  toConsole: 'A la consola',
  failed: 'No ha funcionado',
  again: 'No se ha cambiado nada. Inténtelo de nuevo en un momento.',
}

const languages: Readonly<Record<string, Words>> = { en, pt, es }

/** The language of a page: see `languageOf`. */
export function wordsFor(request: SurfaceRequest): Words {
  return languages[languageOf(request, Object.keys(languages)) ?? 'en'] ?? en
}
