"""The rehearsal camera's scene: labelled photos walk through a street, the same way every time for one seed.

For drills, demonstrations, tests and measurements. Pure: photos and a specification in, pictures and truth out. The
process that films it is `lfr_engine.video.rehearsal_camera`.
"""
