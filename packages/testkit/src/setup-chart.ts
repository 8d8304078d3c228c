import type { TestProject } from 'vitest/node';
import { announceOnStderr } from './announce-on-stderr.ts';
import { provideTool } from './provide-tool.ts';
import type {} from './provided-urls.ts';

/** vitest's global setup: the programs that render, validate and test the chart, made once for all clones. */
export default async function setup(project: TestProject): Promise<void> {
  // One after the other: two compilers at once would only take each other's cores.
  project.provide('chartTools', {
    helm3: await provideTool('helm3', announceOnStderr),
    helm4: await provideTool('helm4', announceOnStderr),
    kubernetesValidate: await provideTool('kubernetes-validate', announceOnStderr),
    promtool: await provideTool('promtool', announceOnStderr),
  });
}
