"""One deployment while it runs: engine and camera processes, when it must end, what people see of it.

`ending` and `counting` are pure; `engine` and `camera` hold a child process each; `live` is what the console shows;
`scripted_officer` decides in rehearsals; `deployment` supervises it all.
"""
