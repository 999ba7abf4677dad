import { build } from 'rolldown';
import { hostPrograms } from '../../../rolldown.config.ts';

let built: Promise<{ readonly schedulerd: string; readonly clw: string }> | undefined;

/** The practice head node's programs as they are now, each one text. */
export function bundlePrograms(): Promise<{ readonly schedulerd: string; readonly clw: string }> {
  built ??= Promise.all(
    hostPrograms.map(async (config) => {
      const { output } = await build({ ...config, write: false });
      return output[0].code;
    }),
  ).then(([schedulerd = '', clw = '']) => ({ schedulerd, clw }));
  return built;
}
