/** Texts that would do something if a page ever took them for more than text; each sets `window.hurt`. */
export const hostileTexts: readonly string[] = [
  '<script>window.hurt=1</script>',
  '<img src=x onerror="window.hurt=1">',
  '"><svg/onload=window.hurt=1>',
  `'-window.hurt=1-'`,
  '<iframe srcdoc="<script>parent.hurt=1</script>"></iframe>',
  '<a href="javascript:window.hurt=1">click</a>',
  'javascript:window.hurt=1',
  'https://example.org/"onmouseover="window.hurt=1',
  'data:text/html,<script>window.hurt=1</script>',
  '<style>body{display:none}</style>',
  '</textarea><script>window.hurt=1</script>',
  '{{constructor.constructor("window.hurt=1")()}}',
  '${window.hurt=1}',
  '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=window.hurt=1&gt;">',
  '__proto__',
  '&lt;b&gt;entities&lt;/b&gt; &amp; more',
];
