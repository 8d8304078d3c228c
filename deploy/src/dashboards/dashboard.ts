import type { Dashboard, Panel, Query } from './panel.ts';

const [panelHeight, defaultWidth, fullWidth] = [8, 8, 24];
// biome-ignore lint/suspicious/noTemplateCurlyInString: Grafana's own placeholder
const datasource = { type: 'prometheus', uid: '${datasource}' };

/** Grafana's JSON of a dashboard: rows of panels, laid out from left to right. The same input gives the same bytes. */
export function toGrafana({ uid, title, about, rows }: Dashboard): string {
  const panels: object[] = [];
  let y = 0;
  for (const row of rows) {
    panels.push({
      id: panels.length + 1,
      type: 'row',
      title: row.title,
      collapsed: false,
      gridPos: { x: 0, y, w: fullWidth, h: 1 },
      panels: [],
    });
    y += 1;
    let x = 0;
    for (const panel of row.panels) {
      const w = panel.width ?? defaultWidth;
      if (x + w > fullWidth) [x, y] = [0, y + panelHeight];
      panels.push(panelOf(panel, panels.length + 1, { x, y, w, h: panelHeight }));
      x += w;
    }
    y += panelHeight;
  }
  return `${JSON.stringify({ ...frame(uid, title, about), panels }, null, 2)}\n`;
}

function frame(uid: string, title: string, description: string): object {
  return {
    uid,
    title,
    description,
    tags: ['carillon'],
    schemaVersion: 39,
    version: 1,
    editable: false,
    graphTooltip: 1,
    refresh: '30s',
    time: { from: 'now-1h', to: 'now' },
    timezone: 'utc',
    links: [{ type: 'dashboards', title: 'Carillon', tags: ['carillon'], asDropdown: true, includeVars: true, keepTime: true }],
    templating: {
      list: [
        { name: 'datasource', label: 'Prometheus', type: 'datasource', query: 'prometheus' },
        {
          name: 'namespace',
          label: 'Namespace',
          type: 'query',
          datasource,
          query: { query: 'label_values(carillon_build_info, namespace)', refId: 'namespace' },
          refresh: 2,
          sort: 1,
        },
      ],
    },
    annotations: {
      list: [
        {
          name: 'Drains',
          datasource,
          enable: true,
          iconColor: 'orange',
          expr: 'changes(carillon_drain_state{namespace="$namespace"}[1m]) > 0',
          titleFormat: '{{pod}} drains',
        },
      ],
    },
  };
}

function panelOf(panel: Panel, id: number, gridPos: object): object {
  const kind = panel.kind ?? 'timeseries';
  const steps = [{ color: 'green', value: null }, ...(panel.redFrom === undefined ? [] : [{ color: 'red', value: panel.redFrom }])];
  const line =
    kind === 'timeseries'
      ? { fillOpacity: 8, lineWidth: 1, showPoints: 'never', thresholdsStyle: { mode: panel.redFrom === undefined ? 'off' : 'line' } }
      : {};
  return {
    id,
    type: kind,
    title: panel.title,
    description: panel.about,
    datasource,
    gridPos,
    fieldConfig: { defaults: { unit: panel.unit, min: 0, thresholds: { mode: 'absolute', steps }, custom: line }, overrides: [] },
    options:
      kind === 'stat'
        ? { reduceOptions: { calcs: ['lastNotNull'] }, colorMode: 'background' }
        : { legend: { displayMode: 'table', placement: 'bottom', calcs: ['mean', 'max'] }, tooltip: { mode: 'multi', sort: 'desc' } },
    targets: panel.queries.map(targetOf),
  };
}

function targetOf({ expr, legend }: Query, index: number): object {
  return { refId: String.fromCharCode(65 + index), datasource, expr, legendFormat: legend };
}
