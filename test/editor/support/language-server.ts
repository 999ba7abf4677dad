import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { framed, readFrames } from './frames.ts';

/** A place in a document, from zero, as the protocol counts. */
export interface Position {
  readonly line: number;
  readonly character: number;
}

export interface Diagnostic {
  readonly message: string;
  readonly range: { readonly start: Position };
}

export interface CompletionItem {
  readonly label: string;
  readonly insertText?: string;
  readonly documentation?: string | { readonly value: string };
}

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: unknown;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

type Waiting = (message: Message) => void;

const bin = fileURLToPath(
  new URL(
    '../bin/yaml-language-server',
    import.meta.resolve('yaml-language-server').replace(/out\/src\/.*$/, 'out/'),
  ),
);

/** As an editor has them, but for what would ask the network. */
const settings = {
  yaml: {
    validate: true,
    hover: true,
    completion: true,
    schemaStore: { enable: false },
    kubernetesCRDStore: { enable: false },
  },
};

/** Loaded before the server: whatever would go to the network is told on standard error, and fails. */
const offline = `data:text/javascript,${encodeURIComponent(`
  import net from 'node:net';
  net.Socket.prototype.connect = (...to) => {
    process.stderr.write('network: ' + JSON.stringify(to[0]));
    throw new Error('no network');
  };
`)}`;

/** The real yaml-language-server as a process of its own, spoken to as an editor does. */
export class LanguageServer {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #replies = new Map<number, Waiting>();
  readonly #diagnostics = new Map<string, (diagnostics: readonly Diagnostic[]) => void>();
  readonly #deadline: number;
  /** Resolves when the server has been given its settings. */
  readonly #settled = Promise.withResolvers<void>();
  #stderr = '';
  #next = 1;

  constructor(deadlineSeconds = 60) {
    this.#deadline = deadlineSeconds * 1000;
    this.#child = spawn(process.execPath, ['--import', offline, bin, '--stdio'], { stdio: 'pipe' });
    this.#child.stderr.on('data', (data: Buffer) => {
      this.#stderr += data.toString();
    });
    readFrames(this.#child.stdout, (message) => this.#receive(message as Message));
  }

  async start(folder: string): Promise<void> {
    const markdown = ['markdown', 'plaintext'];
    await this.#ask('initialize', {
      processId: process.pid,
      rootUri: pathToFileURL(folder).href,
      capabilities: {
        workspace: { configuration: true },
        textDocument: {
          completion: { completionItem: { snippetSupport: true, documentationFormat: markdown } },
          hover: { contentFormat: markdown },
        },
      },
    });
    this.#send({ method: 'initialized', params: {} });
    this.#send({ method: 'workspace/didChangeConfiguration', params: { settings } });
    await this.#within('question for settings', this.#settled.promise);
  }

  /** Opens a document, and waits for what the server has against it. */
  async open(folder: string, name: string, text: string): Promise<readonly Diagnostic[]> {
    const uri = uriOf(folder, name);
    const told = new Promise<readonly Diagnostic[]>((resolve) => this.#diagnostics.set(uri, resolve));
    const textDocument = { uri, languageId: 'yaml', version: 1, text };
    this.#send({ method: 'textDocument/didOpen', params: { textDocument } });
    return this.#within(`diagnostics of ${name}`, told);
  }

  async complete(folder: string, name: string, position: Position): Promise<readonly CompletionItem[]> {
    const textDocument = { uri: uriOf(folder, name) };
    const answer = await this.#ask('textDocument/completion', { textDocument, position });
    return Array.isArray(answer)
      ? answer
      : ((answer as { items?: readonly CompletionItem[] } | null)?.items ?? []);
  }

  async hover(folder: string, name: string, position: Position): Promise<string> {
    const textDocument = { uri: uriOf(folder, name) };
    const answer = await this.#ask('textDocument/hover', { textDocument, position });
    return (answer as { contents?: { value?: string } } | null)?.contents?.value ?? '';
  }

  /** Ends the process, by force where it does not go by itself. */
  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    await this.#ask('shutdown', undefined).catch(() => undefined);
    this.#send({ method: 'exit' });
    const force = setTimeout(() => this.#child.kill('SIGKILL'), 10_000);
    await ended;
    clearTimeout(force);
  }

  /** What it wrote on standard error. */
  get stderr(): string {
    return this.#stderr;
  }

  /** Nothing while it runs. */
  get exitCode(): number | null {
    return this.#child.exitCode;
  }

  #ask(method: string, params: unknown): Promise<unknown> {
    const id = this.#next++;
    const reply = new Promise<unknown>((resolve, reject) => {
      this.#replies.set(id, ({ error, result }) =>
        error === undefined ? resolve(result) : reject(new Error(`${method}: ${error.message}`)),
      );
    });
    this.#send({ id, method, params });
    return this.#within(method, reply);
  }

  async #within<T>(what: string, promise: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      const tell = () => reject(new Error(`no ${what} within ${this.#deadline / 1000} s\n${this.#stderr}`));
      timer = setTimeout(tell, this.#deadline);
    });
    try {
      return await Promise.race([promise, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  #receive(message: Message): void {
    if (message.method === undefined) {
      if (message.id === undefined) return;
      this.#replies.get(message.id)?.(message);
      this.#replies.delete(message.id);
    } else if (message.id !== undefined) {
      this.#send({ id: message.id, result: answerTo(message) });
      if (message.method === 'workspace/configuration') this.#settled.resolve();
    } else if (message.method === 'textDocument/publishDiagnostics') {
      const { uri, diagnostics } = message.params as { uri: string; diagnostics: readonly Diagnostic[] };
      this.#diagnostics.get(uri)?.(diagnostics);
    }
  }

  #send(message: Message): void {
    this.#child.stdin.write(framed({ jsonrpc: '2.0', ...message }));
  }
}

/** Asked for settings, an editor gives those of each section. */
function answerTo({ method, params }: Message): unknown {
  if (method !== 'workspace/configuration') return null;
  const { items } = params as { items: readonly { section?: string }[] };
  return items.map(({ section }) => (section === 'yaml' ? settings.yaml : {}));
}

function uriOf(folder: string, name: string): string {
  return pathToFileURL(join(folder, name)).href;
}
